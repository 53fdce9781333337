"""The wizard: from nothing to the first snapshot, a page after the other."""
