"""Snapshots made from snapshots: without a path, or without what is lost."""
