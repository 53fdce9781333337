"""Hooks about jobs in the background."""

from kolibri.core.inert import inert

__getattr__ = inert(__name__)
