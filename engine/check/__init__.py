"""Whether a repository still holds what was put into it."""
