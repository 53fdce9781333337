"""The home and the options."""
