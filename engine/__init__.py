"""Snapshots: vocabulary, capture, chunks, packs, index, trees, check and restore."""
