"""What plugins use of Portal's archive framework."""
