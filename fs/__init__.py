"""The read-only file system: a pure tree of views and one thin pyfuse3 adapter."""
