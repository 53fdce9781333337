"""Repositories on whatever rclone reaches."""
