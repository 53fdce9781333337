"""Packages that are plugins of Kolibri, written for tests."""

from importlib import invalidate_caches
from pathlib import Path

import yester.plugins.kolibri

STAND_IN = Path(yester.plugins.kolibri.__file__).parent / "stand_in"

PLUGIN = """
from kolibri.plugins import KolibriPluginBase

class {name}(KolibriPluginBase):
    kolibri_options = {options}
    kolibri_option_defaults = {defaults}
    django_settings = {settings}
"""


def pack(folder: Path, plugin: str = "", **files: str) -> Path:
    """Write a package: `plugin` is its kolibri_plugin.py, the rest modules by name. Without one it is made up."""
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(files.pop("init", ""))
    made_up = PLUGIN.format(
        name="".join(map(str.title, folder.name.split("_"))),
        options=repr("options" if "options" in files else None),
        defaults=repr("option_defaults" if "option_defaults" in files else None),
        settings=repr("settings" if "settings" in files else None),
    )
    (folder / "kolibri_plugin.py").write_text(plugin or made_up)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    invalidate_caches()
    return folder
