"""Where backend files are imported from: the worker says which folders that are."""
