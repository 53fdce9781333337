"""Copies of snapshots in another repository: what the target lacks goes over, sealed anew, and nothing else."""
