"""Worker processes: where plugins run that did not ship with yester."""
