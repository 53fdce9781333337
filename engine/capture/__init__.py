"""From folders to a snapshot: the walk, what it compares with, and the run around it."""
