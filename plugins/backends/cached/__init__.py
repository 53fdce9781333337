"""A cache on this machine, in front of a store that lets one wait."""
