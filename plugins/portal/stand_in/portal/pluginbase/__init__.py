"""Portal's plugins."""
