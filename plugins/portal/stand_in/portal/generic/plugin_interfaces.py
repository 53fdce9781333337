"""What plugins may implement. Those about web pages, of which there are dozens, are there to be named, and no more."""

from yester.plugins.portal.interface import IArchivePlugin, Interface, IPluginBootstrap

__all__ = ["IAppRegister", "IArchivePlugin", "IPluginBlock", "IPluginBootstrap", "IPluginURL"]


class IAppRegister(Interface):
    """Says what an app is called."""


class IPluginBlock(Interface):
    """A part of a web page."""


class IPluginURL(Interface):
    """Web pages."""


def __getattr__(name: str) -> type[Interface]:
    if not name.startswith("I") or not name[1:2].isupper():
        raise AttributeError(name)
    return type(name, (Interface,), {"__doc__": "An interface that nothing here calls."})
