"""What 0.7 called `config`: the same module under its other name."""

import sys

from duplicity import config

sys.modules[__name__] = config
