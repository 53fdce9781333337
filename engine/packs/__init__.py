"""Blobs on their way into packs and back: frames, packs, the index."""
