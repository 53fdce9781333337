"""The demonstration: snapshots of real folders, a mount, and files that come back with `cp`."""
