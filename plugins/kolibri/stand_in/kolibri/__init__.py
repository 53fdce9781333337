"""What plugins of Kolibri import of Kolibri: here it is yester that answers, in a worker process only."""

__version__ = "0.19.5"
"""The Kolibri whose plugin interface this is."""
