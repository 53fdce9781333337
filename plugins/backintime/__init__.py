"""The plugins of Back In Time, as they are: its files and its user-callback scripts hear of yester's runs."""
