"""Differences between snapshots, and between a snapshot and the files as they are. Begin with differences.py."""
