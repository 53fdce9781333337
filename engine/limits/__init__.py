"""What a run may take of the machine: bandwidth, processor and disk; and when it does not run at all."""
