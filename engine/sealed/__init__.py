"""Keys, seals and the small objects: what is secret in a repository, and how it is kept."""
