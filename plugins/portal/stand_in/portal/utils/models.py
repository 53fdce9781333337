"""A table with one row: a plugin's settings, which are options here."""

from typing import Any

from django.db.models import Model, SettingsManager

PAGES: list[type["SingletonModel"]] = []
"""The tables of settings that plugins have defined, in the order in which they did."""


class SingletonModel(Model):
    """Settings; each field is an option of the plugin."""

    objects: Any = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.objects = SettingsManager(cls)
        PAGES.append(cls)
