"""For backend files of 0.8, where the package `future` is not installed: on Python 3 it has nothing to do."""
