"""Hooks about web pages, lessons and the like: plugins may register them, and nothing here ever calls one.

A plugin often has such hooks beside those that yester calls; it shall not be lost for them.
"""

from collections.abc import Callable
from typing import Any

from kolibri.plugins.hooks import KolibriHook, KolibriHookMeta, define_hook

_ENDS = ("Hook", "Mixin")
_made: dict[tuple[str, str], KolibriHookMeta] = {}


def inert(module: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module that has any hook somebody asks for."""

    def made(name: str) -> Any:
        if not name.endswith(_ENDS):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        if (module, name) not in _made:
            kind = KolibriHookMeta(name, (KolibriHook,), {"__module__": module, "__doc__": "Nothing calls it."})
            _made[module, name] = define_hook(kind)
        return _made[module, name]

    return made


def inert_hooks_of(package: str) -> list[str]:
    """Return the names of the hooks that a package has registered for nothing."""
    return sorted(
        {
            kind.__name__
            for kind in _made.values()
            for hook in kind.registered_hooks
            if hook.unique_id.rpartition(".")[0] == package
        }
    )
