"""One process at a time, by a lock on a file that holds its id."""

import fcntl
import os
import sys


class ApplicationInstance:
    """Holds a lock for as long as the process lives."""

    def __init__(self, pidFile: str, autoExit: bool = True, flock: bool = False) -> None:
        self.pidFile = pidFile
        self._descriptor = -1
        if self.check(autoExit):
            self.startApplication()

    def check(self, autoExit: bool = False) -> bool:
        """Return whether no other process holds the lock; with `autoExit` the process ends when one does."""
        try:
            descriptor = os.open(self.pidFile, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if autoExit:
                sys.exit(0)
            return False
        finally:
            os.close(descriptor)
        return True

    def startApplication(self) -> None:
        """Take the lock."""
        self._descriptor = os.open(self.pidFile, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)

    def exitApplication(self) -> None:
        """Let go of the lock."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if os.path.exists(self.pidFile):
            os.remove(self.pidFile)
