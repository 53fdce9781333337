"""What is done for a repository after runs: what is due, and when it was last done."""
