"""What plugins of Back In Time raise and catch."""


class BackInTimeException(Exception):
    """Base of all of them."""


class StopException(BackInTimeException):
    """Out of `processBegin`: there is to be no snapshot. Out of anything else it means nothing."""


class MountException(BackInTimeException):
    """A target cannot be mounted."""


class Timeout(BackInTimeException):
    """Something took too long."""


class NoPubKeyLogin(MountException):
    """A key is not accepted."""


class KnownHost(MountException):
    """A host is not known."""


class HashCollision(BackInTimeException):
    """Two mounts have one name."""


class EncodeValueError(BackInTimeException):
    """A name cannot be encoded."""


class LastSnapshotSymlink(BackInTimeException):
    """The link to the newest snapshot cannot be made."""


class PermissionDeniedByPolicy(BackInTimeException):
    """A rule of udev may not be written."""


class InvalidChar(BackInTimeException):
    """A command has a character that it may not have."""

    def __init__(self, msg: str) -> None:
        super().__init__(msg)
        self.msg = msg


class InvalidCmd(InvalidChar):
    """A command is none that may be run."""


class LimitExceeded(InvalidChar):
    """A command is too long, or there are too many."""
