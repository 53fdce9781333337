"""Hooks about bundles of web pages."""

from kolibri.core.inert import inert

__getattr__ = inert(__name__)
