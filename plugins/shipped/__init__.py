"""Plugins that come with yester. They are off until enabled, and run in the native world's worker like any other."""

from collections.abc import Mapping

SHIPPED: Mapping[str, str] = {
    "btrfs": "yester.plugins.shipped.btrfs:Btrfs",
    "healthcheck": "yester.plugins.shipped.healthcheck:Healthcheck",
    "lvm": "yester.plugins.shipped.lvm:Lvm",
    "mail": "yester.plugins.shipped.mail:Mail",
    "mariadb": "yester.plugins.shipped.mariadb:Mariadb",
    "metrics": "yester.plugins.shipped.metrics:Metrics",
    "notify": "yester.plugins.shipped.notify:Notify",
    "postgresql": "yester.plugins.shipped.postgresql:Postgresql",
    "scripts": "yester.plugins.shipped.scripts:Scripts",
    "services": "yester.plugins.shipped.services:Services",
    "sqlite": "yester.plugins.shipped.sqlite:Sqlite",
    "usb": "yester.plugins.shipped.usb:Usb",
    "webhook": "yester.plugins.shipped.webhook:Webhook",
    "zfs": "yester.plugins.shipped.zfs:Zfs",
}
"""Name → module and class, as entry points say it: `yester.plugins.shipped.ping:Ping`."""
