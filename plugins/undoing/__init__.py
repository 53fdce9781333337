"""Undoing what plugins did to the machine, however their run ends."""
