"""Taking over what another program kept: its configuration as profiles, its backups as snapshots."""
