"""Where the base class of plugins was once; older plugins still import it from here."""

from kolibri.plugins import KolibriPluginBase

__all__ = ["KolibriPluginBase"]
