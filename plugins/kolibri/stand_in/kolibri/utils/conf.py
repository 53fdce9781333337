"""The home, and the options as they hold; `KOLIBRI_HOME` is in the environment when this is imported.

The world sets what stands in small letters before anything else of Kolibri is imported.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from yester.plugins.kolibri.home import Home
from yester.plugins.kolibri.lazy import Lazy
from yester.plugins.options.layers import Layer

KOLIBRI_HOME = os.path.abspath(os.path.expanduser(os.environ["KOLIBRI_HOME"]))
LOG_ROOT = os.path.join(KOLIBRI_HOME, "logs")
"""Where logs are of a Kolibri that has this home; it need not be there."""

is_own = False
"""Whether it is the home that yester has for itself."""
in_folder: tuple[str, ...] = ()
"""The plugins that lie in yester's folder."""
typed: Sequence[Layer] = ()
"""What a person is about to set; it counts before the environment."""
said: Sequence[Layer] = ()
"""What yester's profile and settings say about options; it counts before options.ini."""


def home() -> Home:
    """Return the home."""
    return Home(Path(KOLIBRI_HOME), is_own)


def _options() -> Mapping[str, Any]:
    from kolibri.utils.options import read_options_file

    return read_options_file()


OPTIONS = Lazy(_options)
