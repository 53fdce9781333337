"""The archive `s3-tier`: a bucket, in a class of storage that has to be restored before it is read."""

from collections.abc import Mapping
from typing import ClassVar

from yester.plugins.portal.interface import Option
from yester.plugins.portal.shipped.results import Failed
from yester.plugins.portal.shipped.storing import GROUP, Storing

_OBJECTS = "s3://", "s3+http://", "s3+https://"


class S3Tier(Storing):
    """Keep copies in a bucket, in a cold class of storage."""

    plugin_guid = "b8a5f4de-2f0c-4a0b-8d5f-3c7c2f6f9e10"
    name = "S3 tier"
    policy = "s3-tier"
    option_spec: ClassVar[Mapping[str, Option]] = {
        **Storing.option_spec,
        "storage_class": Option("string", "DEEP_ARCHIVE", "The class of storage that copies go to."),
        "restore_days": Option("integer", 7, "For how many days what was restored can be read."),
        "restore_tier": Option("string", "Bulk", "How fast it is restored, and how dear: Bulk, Standard, Expedited."),
    }

    def address(self) -> str:
        """Return the URL. Failed where it is no bucket's."""
        url = super().address()
        if not url.startswith(_OBJECTS):
            raise Failed(f"{url} is no bucket: write s3://BUCKET/FOLDER")
        return url

    def stated(self) -> Mapping[str, Mapping[str, object]]:
        """Return the class of what is cold, and how it is restored."""
        options = self.options
        return {
            "s3": {
                "group_classes": [f"{GROUP}={options['storage_class']}"],
                "restore_days": options["restore_days"],
                "restore_tier": options["restore_tier"],
            }
        }


S3Tier()
