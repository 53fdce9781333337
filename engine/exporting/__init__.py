"""Snapshots in forms that other programs read."""
