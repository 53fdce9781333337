"""yester: every yesterday of your files, as a folder."""

__version__ = "0.1.0"
