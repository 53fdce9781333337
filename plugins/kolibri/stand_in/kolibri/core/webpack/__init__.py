"""Hooks about bundles of web pages."""
