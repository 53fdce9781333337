"""Profiles: what to take, where to put it, when, and how long to keep it; a TOML file each in the configuration folder.

Begin with profile.py (the values) and keys.py (the table of every key, from which all else is made).
"""
