"""Which storage class an object goes to. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yester.engine.errors import UsageError
from yester.plugins.options.spec import Option

OPTIONS: Mapping[str, Option] = {
    "storage_class": Option("string", "", "The storage class of what is stored; the bucket's own where not said."),
    "data_class": Option(
        "string", "", "The class of data packs, where it is another: metadata is read far more often."
    ),
    "group_classes": Option("list", (), "The classes of data that is kept apart, such as cold=DEEP_ARCHIVE."),
}


def class_of(options: Mapping[str, Any]) -> Callable[[str, str], str]:
    """Return what says the class of an object by its name and group. UsageError."""
    plain: str = options["storage_class"]
    data: str = options["data_class"] or plain
    groups = _groups(options["group_classes"])

    def of(name: str, group: str) -> str:
        if not name.startswith("data."):
            return plain
        return groups.get(group, data)

    return of


def _groups(items: Sequence[str]) -> dict[str, str]:
    groups = {}
    for item in items:
        group, sign, storage_class = (part.strip() for part in item.partition("="))
        if not (group and sign and storage_class):
            raise UsageError(f"{item!r} is no group with its class", hint="Write it as group=CLASS.")
        groups[group] = storage_class
    return groups
