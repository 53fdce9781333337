"""Freeing what no snapshot needs, beside writers, readers and other prunes (engine/prune/pruning.py says how)."""
