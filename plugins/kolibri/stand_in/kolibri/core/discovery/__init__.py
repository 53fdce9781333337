"""Hooks about other devices in the network."""
