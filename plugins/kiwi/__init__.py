"""The world of Kiwi Backup: plugins that are folders of functions."""
