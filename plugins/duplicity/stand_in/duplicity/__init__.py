"""What backend files of duplicity import, made anew from what they expect; nothing of duplicity itself is in here.

Only ever importable inside a worker: like the original it puts `_` and `ngettext` into the builtins.
"""

import builtins
import gettext

__version__ = "3.2.1"
"""The release whose backend files this was measured against; files of 0.7 and 0.8 find their names as well."""

_nothing = gettext.NullTranslations()
for _name, _function in (("_", _nothing.gettext), ("ngettext", _nothing.ngettext)):
    setattr(builtins, _name, _function)
