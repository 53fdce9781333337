"""Hooks about web pages."""

from kolibri.core.inert import inert

__getattr__ = inert(__name__)
