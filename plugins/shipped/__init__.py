"""Plugins that come with yester. They are off until enabled, and run in the native world's worker like any other."""

from collections.abc import Mapping

SHIPPED: Mapping[str, str] = {
    "scripts": "yester.plugins.shipped.scripts:Scripts",
    "services": "yester.plugins.shipped.services:Services",
    "sqlite": "yester.plugins.shipped.sqlite:Sqlite",
}
"""Name → module and class, as entry points say it: `yester.plugins.shipped.ping:Ping`."""
