"""Hooks about the transfer of data."""
