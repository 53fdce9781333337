"""Hooks about jobs in the background."""
