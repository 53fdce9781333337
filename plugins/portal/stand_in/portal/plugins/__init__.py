"""The plugins; each is imported from where it lies."""
