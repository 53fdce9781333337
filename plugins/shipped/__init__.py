"""Plugins that come with yester. They are off until enabled, and run in the native world's worker like any other."""

from collections.abc import Mapping

SHIPPED: Mapping[str, str] = {}
"""Name → module and class, as entry points say it: `yester.plugins.shipped.ping:Ping`."""
