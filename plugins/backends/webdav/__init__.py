"""Repositories on WebDAV servers."""
