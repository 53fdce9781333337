"""Schedules: when runs are due, and how the system is told to start them."""
