"""Snapshots of file systems, from which a run reads its sources."""
