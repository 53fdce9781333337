"""Back In Time's program. Here yester is the program; what others ask of this module is its exit codes and config."""

from typing import Any

import config as bit_config

RETURN_OK, RETURN_ERR, RETURN_NO_CFG = 0, 1, 2


def getConfig(args: Any = None, check: bool = True) -> bit_config.Config:
    """Return the configuration that is meant."""
    return bit_config.Config(getattr(args, "config", None), getattr(args, "share_path", None))


def setQuiet(args: Any) -> Any:
    """Return where to print to."""
    import sys

    return sys.stdout
