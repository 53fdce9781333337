"""File first, then time: each path as a folder of what it was (docs/mount.md)."""
