"""What archive plugins import of Cantemo Portal (contracts section 5): importable in their workers alone."""

__version__ = "6.2.1"
