"""Names that stand in data."""
