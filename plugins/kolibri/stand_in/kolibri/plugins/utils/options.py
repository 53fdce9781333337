"""The options of plugins, put together with Kolibri's own.

Contract: section 4.4. First what plugins add, then the defaults that they change, so that one may change another's.
"""

import copy
import logging
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from kolibri.plugins.registry import registered_plugins

logger = logging.getLogger(__name__)

Spec = dict[str, dict[str, dict[str, Any]]]
"""Section → option → what is known of it."""


class CoreOptionClash(ValueError, RuntimeError):
    """A plugin defines an option that is Kolibri's own.

    Kolibri raises ValueError; its documentation says RuntimeError, which plugins may go by as well.
    """

    def __init__(self) -> None:
        super().__init__("Cannot overwrite a core Kolibri options spec option")


def extend_config_spec(base_config_spec: Mapping[str, Any]) -> Spec:
    """Return the spec with what all plugins add to it and change of it; CoreOptionClash."""
    final: Spec = copy.deepcopy(dict(base_config_spec))
    defaults: list[tuple[str, Mapping[str, Any]]] = []
    owners: dict[tuple[str, str], list[str]] = {}
    for plugin in registered_plugins:
        for section, name, attributes in _added_by(plugin):
            core = base_config_spec.get(section, {}).get(name)
            if core is None:
                _own(owners, plugin.module_path, section, name, "option")
                final.setdefault(section, {})[name] = dict(attributes)
            elif _goes_by_documentation(plugin) and _only_default_differs(core, attributes):
                defaults.append((plugin.module_path, {section: {name: attributes["default"]}}))
            else:
                raise CoreOptionClash
    defaults += [
        (plugin.module_path, getattr(plugin.option_defaults_module, "option_defaults", {}))
        for plugin in registered_plugins
    ]
    _take_defaults(final, defaults)
    return final


def spec_of(plugin: Any) -> Mapping[str, Any]:
    """Return what a plugin adds: `option_spec`, or `options_spec` as the documentation calls it."""
    module = plugin.options_module
    spec: Mapping[str, Any] = getattr(module, "option_spec", None) or getattr(module, "options_spec", None) or {}
    return spec


def _added_by(plugin: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for section, options in spec_of(plugin).items():
        for name, attributes in options.items():
            if not isinstance(attributes, Mapping):
                raise TypeError(f"option {name} in section [{section}] of its spec is no table, but {attributes!r}")
            yield section, name, attributes


def _goes_by_documentation(plugin: Any) -> bool:
    """Whether a plugin uses names that only the documentation has, and so what it says may be done with defaults."""
    return not getattr(plugin, "kolibri_options", "options") or not hasattr(plugin.options_module, "option_spec")


def _only_default_differs(core: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool:
    known = {key: value for key, value in core.items() if key != "default"}
    return "default" in attributes and all(
        known.get(key, value) == value for key, value in attributes.items() if key not in ("default", "description")
    )


def _take_defaults(final: Spec, changes: list[tuple[str, Mapping[str, Any]]]) -> None:
    owners: dict[tuple[str, str], list[str]] = {}
    for plugin, defaults in changes:
        for section, options in defaults.items():
            for name, default in options.items():
                _own(owners, plugin, section, name, "option default")
                if section not in final:
                    logger.error(f"Tried to set a new default in section {section}, but this is not a valid section")
                elif name not in final[section]:
                    logger.error(
                        f"Tried to set a new default in section {section}, for option {name} but this is not a valid "
                        "option"
                    )
                else:
                    final[section][name]["default"] = default


def _own(owners: dict[tuple[str, str], list[str]], plugin: str, section: str, name: str, what: str) -> None:
    """Note who sets it; warn when it was set before."""
    before = owners.setdefault((section, name), [])
    if before:
        warnings.warn(
            f"{plugin} set an {what} {name} in section {section} but {', '.join(before)} had already set it",
            stacklevel=4,
        )
    before.append(plugin)
