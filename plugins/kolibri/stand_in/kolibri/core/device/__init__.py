"""Hooks about the device."""
