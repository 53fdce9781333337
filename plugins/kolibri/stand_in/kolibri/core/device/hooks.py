"""Hooks about the device: its set-up, whose session it is, whether its network is paid by volume."""

from abc import abstractmethod
from typing import Any

from kolibri.plugins.hooks import KolibriHook, define_hook
from kolibri.plugins.utils import plugin_url


@define_hook
class SetupHook(KolibriHook):
    """Knows where a device is set up."""

    @property
    @abstractmethod
    def url(self) -> str:
        """Where."""
        ...

    def plugin_url(self, plugin_class: Any, url_name: str) -> str:
        """Return the name of a view: there are no views here."""
        return plugin_url(plugin_class, url_name)

    @classmethod
    def provision_url(cls) -> str:
        """Return where the device is set up; StopIteration when no plugin knows."""
        url: str = next(hook.url for hook in cls.registered_hooks)
        return url


@define_hook(only_one_registered=True)
class GetOSUserHook(KolibriHook):
    """Knows whose session it is."""

    @abstractmethod
    def get_os_user(self, auth_token: Any) -> Any:
        """Return the user's name and whether it is an administrator."""
        ...

    @classmethod
    def retrieve_os_user(cls, auth_token: Any) -> Any:
        """Ask the plugin that knows; NotImplementedError when there is none."""
        for hook in cls.registered_hooks:
            return hook.get_os_user(auth_token)
        raise NotImplementedError("No plugin knows the user of the operating system")


@define_hook(only_one_registered=True)
class CheckIsMeteredHook(KolibriHook):
    """Knows whether the network is paid by volume."""

    @abstractmethod
    def check_is_metered(self) -> Any:
        """Whether it is; None: that cannot be said."""
        ...

    @classmethod
    def execute_is_metered_check(cls) -> Any:
        """Ask the plugin that knows; NotImplementedError when there is none."""
        for hook in cls.registered_hooks:
            return hook.check_is_metered()
        raise NotImplementedError("No plugin knows whether the network is metered")
