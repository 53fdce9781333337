"""`multi:///path.json`: several stores as one, each with all objects (mirror) or with some (stripe)."""
