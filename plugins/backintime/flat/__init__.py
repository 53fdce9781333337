"""Stand-ins for Back In Time's modules, under its flat names: on the path of a worker, and imported nowhere else."""
