"""Questions to the person: each returns an answer and does nothing itself."""
