"""The archive `command`: one's own programs, as templates with `{file}` and the like in them.

A template with `{list}` or `{table}` is run once for all files, and else once for each. There is no shell. What a
program of one file prints last, when it takes a file, is where the archive has it. One of all files may print a line
for each, with tabs between: the item, `ok` or `failed`, and where it is or why not; what it does not speak of failed,
unless it says nothing at all.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from string import Formatter
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from yester.engine.archive.port import FileSet
from yester.plugins.portal.interface import ArchivePlugin, Option
from yester.plugins.portal.shipped.results import Failed, Result, Results

BATCH = frozenset({"list", "table"})
"""Files about all file sets: paths, one a line; and item, SHA-1, path and external id, with tabs between."""
SINGLE = frozenset({"file", "item", "sha1", "external", "size"})
CALL = frozenset({"policy", "job"})

_ALLOWED = ", ".join(f"{{{name}}}" for name in sorted(BATCH | SINGLE | CALL))


class Command(ArchivePlugin):
    """Let your own programs take files to an archive and bring them back."""

    plugin_guid = "0d0f3c4e-86d5-4a52-9c51-6b7f5f0e21a8"
    name = "Command"
    option_spec: ClassVar[dict[str, Option]] = {
        "archive": Option("string", "", "Takes files, such as: rclone copyto {file} cold:{item}"),
        "restore": Option("string", "", "Brings files back, such as: rclone copyto cold:{external} {file}"),
        "delete": Option("string", "", "Throws files away, such as: rclone deletefile cold:{external}"),
        "verify": Option("string", "", "Looks at files where they are; ends with 0 if they are whole."),
        "ready": Option("string", "", "Ends with 0 when the archive can be used."),
        "bulk": Option("boolean", False, "Files of several jobs go to one call."),
    }

    def __init__(self) -> None:
        """Refuse templates that ask for what there is not."""
        self._templates = {name: _template(name, self.options[name]) for name in self.option_spec if name != "bulk"}

    def is_ready(self) -> bool:
        """Whether the program `ready` says so; without one, whether the programs are there. Says why not by raising."""
        for name in ("archive", "restore"):
            self._program(name)
        if self._templates["ready"]:
            _run(_worded(self._templates["ready"], {}))
        return True

    def get_policies(self) -> list[dict[str, Any]]:
        """One, for all."""
        return [{"uuid": "command", "name": "Command", "bulk_support": self.options["bulk"]}]

    def archive(self, file_sets: list[FileSet], policy_uuid: str, job_id: str) -> Result:
        """Run `archive`; where a file is then is what the program says, or else the item."""
        readable = Results()
        found = [each for each in map(_readable, file_sets) if each.files]
        there = {each.item_id for each in found}
        for file_set in file_sets:
            if file_set.item_id not in there:
                readable.fail(file_set, f"{', '.join(file_set.files)} cannot be read")
        return self._done("archive", found, {"policy": policy_uuid, "job": job_id}, _placed, readable)

    def restore(self, file_sets: list[FileSet], policy_uuid: str) -> Result:
        """Run `restore`, which makes the file `{file}`."""
        for file_set in file_sets:
            Path(file_set.files[0]).parent.mkdir(parents=True, exist_ok=True)
        return self._done("restore", file_sets, {"policy": policy_uuid}, _brought_back)

    def delete(self, file_sets: list[FileSet], policy_uuid: str) -> Result:
        """Run `delete`."""
        return self._done("delete", file_sets, {"policy": policy_uuid}, _kept)

    def verify(self, file_sets: list[FileSet], policy_uuid: str) -> Result:
        """Run `verify`."""
        return self._done("verify", file_sets, {"policy": policy_uuid}, _kept)

    def _done(
        self,
        name: str,
        file_sets: Sequence[FileSet],
        about: Mapping[str, str],
        settle: Callable[[FileSet, str], FileSet],
        results: Results | None = None,
    ) -> Result:
        results = results or Results()
        template = self._program(name)
        if not BATCH & _fields(template):
            results.each(file_sets, lambda each: settle(each, _said_last(_run(_filled(template, each, about)))))
        elif file_sets:
            with _batch(file_sets) as files:
                spoken = _spoken(_run(_worded(template, {**about, **files})))
            results.each(file_sets, lambda each: settle(each, _outcome(each, spoken)))
        return results.returned()

    def _program(self, name: str) -> list[str]:
        """Return a template whose program is there. Failed."""
        template = self._templates[name]
        if not template:
            raise Failed(f"There is no {name} command; to set it: yester plugin options command --set {name}='…'")
        if shutil.which(template[0]) is None:
            raise Failed(f"{template[0]} of the {name} command is no program here")
        return template


def _template(name: str, text: str) -> list[str]:
    """Return the words of a template. ValueError when it cannot be understood."""
    try:
        words = shlex.split(text)
        fields = _fields(words)
    except ValueError as problem:
        raise ValueError(f"{name} cannot be understood: {problem}; write {{{{ for {{") from None
    if name == "ready" and fields:
        raise ValueError(f"{name} is about no file, and asks for {{{min(fields)}}}")
    if fields - (BATCH | SINGLE | CALL):
        raise ValueError(f"{name} asks for {{{min(fields - (BATCH | SINGLE | CALL))}}}; there are {_ALLOWED}")
    if fields & BATCH and fields & SINGLE:
        raise ValueError(f"{name} is for one file or for all: {{{min(fields & SINGLE)}}} goes with neither list")
    return words


def _fields(words: Sequence[str]) -> frozenset[str]:
    return frozenset(field for word in words for _, field, _, _ in Formatter().parse(word) if field is not None)


def _filled(template: Sequence[str], file_set: FileSet, about: Mapping[str, str]) -> list[str]:
    path = file_set.files[0]
    values = {
        "file": path,
        "item": file_set.item_id,
        "sha1": file_set.sha1,
        "external": next(iter(file_set.external_ids), file_set.item_id),
        "size": str(os.path.getsize(path)) if os.path.exists(path) else "0",
        **about,
    }
    return _worded(template, values)


def _worded(template: Sequence[str], values: Mapping[str, str]) -> list[str]:
    return [word.format_map({**dict.fromkeys(CALL, ""), **values}) for word in template]


def _run(words: Sequence[str]) -> list[str]:
    """Run a program, and return the lines that it prints. Failed, with what it complains of last."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    said = done.stdout.decode("utf-8", "replace").splitlines()
    if done.returncode:
        complaint = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        raise Failed(f"{words[0]} ended with exit code {done.returncode}: {complaint[-1] if complaint else 'no word'}")
    return said


def _said_last(lines: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


@contextmanager
def _batch(file_sets: Sequence[FileSet]) -> Iterator[dict[str, str]]:
    """Give the files about all file sets, while a program runs. Failed for a name that no line holds."""
    for file_set in file_sets:
        if any(mark in text for text in (file_set.files[0], *file_set.external_ids) for mark in "\t\n"):
            raise Failed(f"{file_set.item_id} has a path that no list of lines can hold")
    with TemporaryDirectory() as folder:
        files = {"list": Path(folder, "list"), "table": Path(folder, "table")}
        files["list"].write_bytes(b"".join(os.fsencode(f"{each.files[0]}\n") for each in file_sets))
        files["table"].write_bytes(b"".join(os.fsencode(_row(each)) for each in file_sets))
        yield {name: str(path) for name, path in files.items()}


def _row(file_set: FileSet) -> str:
    return f"{file_set.item_id}\t{file_set.sha1}\t{file_set.files[0]}\t{next(iter(file_set.external_ids), '')}\n"


def _spoken(lines: Sequence[str]) -> dict[str, tuple[str, str]] | None:
    """Return what a program says of each item, `ok` or `failed` and a text; None when it speaks of none."""
    rows = [line.split("\t", 2) for line in lines]
    spoken = {row[0]: (row[1], row[2] if len(row) > 2 else "") for row in rows if row[1:2] in (["ok"], ["failed"])}
    return spoken or None


def _outcome(file_set: FileSet, spoken: Mapping[str, tuple[str, str]] | None) -> str:
    if spoken is None:
        return ""
    how, text = spoken.get(file_set.item_id, ("failed", "the program did not speak of it"))
    if how == "failed":
        raise Failed(text or "the program says that it failed")
    return text


def _readable(file_set: FileSet) -> FileSet:
    """Return a file set with only the first path that can be read."""
    return file_set._replace(files=[path for path in file_set.files if os.access(path, os.R_OK)][:1])


def _placed(file_set: FileSet, said: str) -> FileSet:
    return file_set._replace(external_ids=[said or file_set.item_id])


def _brought_back(file_set: FileSet, said: str) -> FileSet:
    if not os.path.exists(file_set.files[0]):
        raise Failed(f"the program made no file {file_set.files[0]}")
    return file_set


def _kept(file_set: FileSet, said: str) -> FileSet:
    return file_set


Command()
