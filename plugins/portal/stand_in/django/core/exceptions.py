"""Exceptions that plugins raise or catch."""


class ObjectDoesNotExist(Exception):
    """There is no such row."""


class ImproperlyConfigured(Exception):
    """The settings make no sense."""


class ValidationError(Exception):
    """A value is wrong."""
