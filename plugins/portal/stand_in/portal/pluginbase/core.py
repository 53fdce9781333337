"""Registration: a plugin is an object of a class that says what it implements."""

from yester.plugins.portal.interface import ArchivePlugin, Interface, Plugin, PluginError, implements

__all__ = ["ArchivePlugin", "Interface", "Plugin", "PluginError", "implements"]
