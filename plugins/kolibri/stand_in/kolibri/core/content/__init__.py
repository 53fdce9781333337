"""Hooks about lessons."""
