"""What plugins of Back In Time raise and catch."""


class BackInTimeException(Exception):
    """Base of all of them."""


class StopException(BackInTimeException):
    """Out of `processBegin`: there is to be no snapshot. Out of anything else it means nothing."""


class MountException(BackInTimeException):
    """A target cannot be mounted."""


class Timeout(BackInTimeException):
    """Something took too long."""
