"""Hooks: abstract classes that say what may happen, and classes of plugins that are called when it does.

Contract: section 4.6. Only abstract classes keep a list of who is registered; a class of a plugin is on the list of
each of its abstract ancestors, in the order in which plugins were initialised.
"""

import logging
from abc import abstractmethod, update_abstractmethods
from collections.abc import Callable, Iterator
from inspect import isabstract
from typing import Any, TypeVar, overload

from kolibri.plugins import SingletonMeta

logger = logging.getLogger(__name__)

C = TypeVar("C", bound=type)


class HookSingleInstanceError(Exception):
    """A hook that only one class may give was given by two."""


class KolibriHookMeta(SingletonMeta):
    """What classes of hooks can do, abstract or not."""

    _registered = False
    _registered_hooks: "dict[str, KolibriHook]"
    _only_one_registered: bool

    @property
    def abstract(cls) -> bool:
        """Whether it only says what may happen."""
        return isabstract(cls)

    @property
    def registered_hooks(cls) -> Iterator[Any]:
        """The hooks that were registered, in order. TypeError for a class that is one itself."""
        cls._must_be_abstract("registered_hooks property accessed")
        return iter([*cls._registered_hooks.values()])

    @property
    def is_registered(cls) -> bool:
        """Whether anything was registered."""
        return any(True for _ in cls.registered_hooks)

    def get_hook(cls, unique_id: str) -> Any:
        """Return a hook by its id; None when it was not registered. TypeError for a class that is one itself."""
        cls._must_be_abstract("get_hook method used")
        return cls._registered_hooks.get(unique_id)

    def add_hook_to_registries(cls) -> None:
        """Register the one instance of a plugin's class with all its abstract ancestors; TypeError: it is abstract."""
        if cls._registered:
            hook = cls()
            for ancestor in cls._ancestors():
                ancestor.add_hook_to_class_registry(hook)

    def add_hook_to_class_registry(cls, hook: Any) -> None:
        """Register a hook with this abstract class. HookSingleInstanceError when it has another one, and may not."""
        cls._must_be_abstract("add_hook_to_class_registry method used")
        if cls._only_one_registered and {*cls._registered_hooks} - {hook.unique_id}:
            raise HookSingleInstanceError(f"Attempted to register more than one instance of {cls}")
        cls._registered_hooks[hook.unique_id] = hook

    def remove_hook_from_registries(cls) -> None:
        """Take back what `add_hook_to_registries` did."""
        for ancestor in cls._ancestors():
            for hook in ancestor.registered_hooks:
                if type(hook) is cls:  # it is not made for this: what made it may have failed
                    ancestor.remove_hook_from_class_registry(hook)

    def remove_hook_from_class_registry(cls, hook: Any) -> None:
        """Forget a hook."""
        cls._must_be_abstract("remove_hook_from_class_registry method used")
        cls._registered_hooks.pop(hook.unique_id, None)

    def _setup_base_class(cls, only_one_registered: bool = False) -> None:
        cls._registered_hooks = {}
        cls._only_one_registered = only_one_registered

    def _ancestors(cls) -> "list[KolibriHookMeta]":
        return [
            each
            for each in cls.__mro__
            if isinstance(each, KolibriHookMeta) and each.abstract and "_registered_hooks" in vars(each)
        ]

    def _must_be_abstract(cls, what: str) -> None:
        if not cls.abstract:
            raise TypeError(f"{what} on a non-abstract hook")


class KolibriHook(metaclass=KolibriHookMeta):
    """What every hook derives from."""

    @property
    @abstractmethod
    def _not_abstract(self) -> bool:
        """Missing until a class is registered: so every other one is abstract, with abstract members or without."""
        ...

    @property
    def unique_id(self) -> str:
        """The package and the class."""
        return f"{self._module_path}.{type(self).__name__}"

    @property
    def _module_path(self) -> str:
        return type(self).__module__.rpartition(".")[0]


@overload
def define_hook(subclass: C, only_one_registered: bool = False) -> C: ...
@overload
def define_hook(subclass: None = None, only_one_registered: bool = False) -> Callable[[C], C]: ...
def define_hook(subclass: Any = None, only_one_registered: bool = False) -> Any:
    """Make an abstract class of hooks, on which others can be registered."""
    if subclass is None:
        return lambda given: define_hook(given, only_one_registered=only_one_registered)
    if not isinstance(subclass, KolibriHookMeta):
        content = {name: value for name, value in vars(subclass).items() if name not in ("__dict__", "__weakref__")}
        subclass = KolibriHookMeta(subclass.__name__, subclass.__bases__, content)
    subclass._setup_base_class(only_one_registered=only_one_registered)
    return subclass


def register_hook(subclass: C) -> C:
    """Mark a class of a plugin: it is registered when the plugin is initialised. TypeError, RuntimeError."""
    hook = _checked(subclass, "register_hook")
    hook._not_abstract = True
    update_abstractmethods(subclass)
    hook._registered = True
    return subclass


def unregister_hook(subclass: C) -> C:
    """Take a class of a plugin off all lists, and let it on none. TypeError, RuntimeError."""
    hook = _checked(subclass, "unregister_hook")
    hook.remove_hook_from_registries()
    hook._registered = False
    return subclass


def _checked(subclass: Any, decorator: str) -> Any:
    bases = [base for base in subclass.__bases__ if issubclass(base, KolibriHook)]
    if not any(hasattr(base, "_registered_hooks") and base.abstract for base in bases):
        raise TypeError(
            f"{decorator} decorator used on a class that does not inherit from any abstract KolibriHook subclasses"
        )
    if not subclass.__module__.endswith("kolibri_plugin"):
        raise RuntimeError(
            f"{decorator} decorator invoked outside of a kolibri_plugin.py module - this hook will not be initialized"
        )
    return subclass
