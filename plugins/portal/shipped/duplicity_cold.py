"""The archive `duplicity-cold`: whatever a backend of duplicity reaches.

Backends that have a pre-download hook (contracts section 2.4) are asked to thaw all files of a recall with one call.
"""

from yester.plugins.portal.shipped.results import Failed
from yester.plugins.portal.shipped.storing import Storing

_PREFIX = "duplicity+"


class DuplicityCold(Storing):
    """Keep copies where a backend of duplicity reaches, and have them thawed by its pre-download hook."""

    plugin_guid = "5a3d6a52-0c0d-4a38-9a2a-6f0e6a7b4c21"
    name = "duplicity"
    policy = "duplicity-cold"

    def address(self) -> str:
        """Return the URL. Failed where it is none of duplicity's."""
        url = super().address()
        if not url.startswith(_PREFIX):
            raise Failed(f"{url} is no backend of duplicity: write {_PREFIX}SCHEME://…")
        return url


DuplicityCold()
