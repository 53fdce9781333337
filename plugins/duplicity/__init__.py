"""The world of duplicity: its backend files as they are, in worker processes; and yester as a backend of duplicity."""
