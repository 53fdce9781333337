"""What the shipped plugins share that bring a service or a database to rest around a snapshot."""
