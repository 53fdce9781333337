"""The read-only file system: a pure tree of views and who speaks of it with the kernel."""
