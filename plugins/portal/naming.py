"""Where an archive that is a folder keeps a file, by Portal's rule (contracts section 5.3). Pure."""

from collections.abc import Mapping
from posixpath import basename, join, splitext
from typing import Any

from yester.engine.archive.port import FileSet


def construct_filename(absolute_filename: str, file_set: FileSet, storage_path: str) -> str:
    """Return the path of a file's copy below `storage_path`: stem, item and digest, and the ending."""
    stem, ending = splitext(basename(absolute_filename))
    return join(storage_path, f"{stem}_{file_set.item_id}_{file_set.sha1}{ending}")


def get_paths_to_restore_or_delete_from_external_ids(file_set: FileSet) -> list[tuple[str, str]]:
    """Return each archived path with the path that it came from, in order; the shorter list ends it."""
    return list(zip(file_set.external_ids, file_set.files, strict=False))


def get_components(shape: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the components of a shape as Vidispine's JSON has it: whatever is called so, one or a list."""
    found = [value for name, value in shape.items() if name.endswith("Component")]
    parts = [part for value in found for part in (value if isinstance(value, list) else [value])]
    return [{"component_id": part["id"], **part} for part in parts]
