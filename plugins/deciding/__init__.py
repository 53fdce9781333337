"""Decisions of plugins about single entries, across the pipe, for all worlds."""
