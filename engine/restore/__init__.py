"""From a snapshot to folders, and what a restore meets there."""
