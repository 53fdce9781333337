"""What plugins use of Portal besides."""
