"""An archive in a worker, as the engine knows one (engine/archive/port.py)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from yester.engine.archive.port import Answer, FileSet, Policy
from yester.plugins.portal.answers import answer_of
from yester.plugins.portal.filesets import sent
from yester.plugins.portal.hosting import SHORT_S, Workplace
from yester.plugins.portal.policies import policies_of

AT_ONCE = 10_000
"""File sets of one call: more might not fit into a message."""

Remark = Callable[[str, str], None]
"""Called with a plugin's label and a sentence about it. Never raises."""


class HostedArchive:
    """One archive of a plugin. For one thread at a time."""

    def __init__(self, workplace: Workplace, about: Mapping[str, Any], options: Mapping[str, Any], remark: Remark):
        """`about` is what the plugin says of it, `options` are those that all archives have."""
        self._workplace, self._about, self._options = workplace, about, options
        self._remark = remark

    @property
    def guid(self) -> str:
        """As the plugin says."""
        return str(self._about["guid"])

    @property
    def name(self) -> str:
        """As the plugin says."""
        return str(self._about["name"])

    @property
    def label(self) -> str:
        """The name of its plugin, by which commands know it."""
        return self._workplace.label

    @property
    def ready_for_s(self) -> float:
        """How long an answer of `is_ready` holds."""
        return float(self._options["ready_for"])

    @property
    def key(self) -> str:
        """What tells it apart from itself with other options, which may be ready when it is not."""
        return f"{self.guid} {self._workplace.settings}"

    @property
    def roles(self) -> Mapping[str, str]:
        """What Portal calls who may archive, restore, purge and delete; yester has roles of its own."""
        return dict(self._about["roles"])

    def policies(self) -> Sequence[Policy]:
        """Ask for its storage policies; what is wrong with them is remarked. ArchiveError."""
        said = self._workplace.call("policies", [self.guid], SHORT_S)
        policies, remarks = policies_of(said, self._options, self.name)
        for each in remarks:
            self._remark(self.label, f"{self.label}: {each}")
        return policies

    def is_ready(self) -> bool:
        """Ask whether it is ready. ArchiveError: it says why not by raising."""
        return self._workplace.call("is_ready", [self.guid], SHORT_S) is True

    def archive(self, file_sets: Sequence[FileSet], policy_uuid: str, job_id: str) -> Answer:
        """Hand file sets over."""
        return self._asked("archive", file_sets, policy_uuid, job_id, keeps_ids=False)

    def restore(self, file_sets: Sequence[FileSet], policy_uuid: str, *, is_bulk: bool = False) -> Answer:
        """Bring file sets back, by `restore_bulk` where the plugin has one for what came in bulk."""
        is_bulk = is_bulk and "restore_bulk" in self._about["methods"]
        return self._asked("restore_bulk" if is_bulk else "restore", file_sets, policy_uuid)

    def delete(self, file_sets: Sequence[FileSet], policy_uuid: str) -> Answer:
        """Let it let go of its copies."""
        return self._asked("delete", [_named(each) for each in file_sets], policy_uuid)

    def verify(self, file_sets: Sequence[FileSet], policy_uuid: str) -> Answer | None:
        """Let it look at its copies, where it can."""
        if "verify" not in self._about["methods"]:
            return None
        return self._asked("verify", [_named(each) for each in file_sets], policy_uuid)

    def close(self) -> None:
        """End the worker."""
        self._workplace.close()

    def _asked(
        self, method: str, file_sets: Sequence[FileSet], policy_uuid: str, *more: str, keeps_ids: bool = True
    ) -> Answer:
        answer = Answer(())
        for some in _slices(file_sets):
            arguments = [self.guid, [sent(each) for each in some], policy_uuid, *more]
            said = self._workplace.call(method, arguments, self._options["time_limit"] or None)
            answer = _joined(answer, answer_of(some, said, keeps_ids=keeps_ids))
        return replace(answer, remarks=tuple(f"{self.label}: {each}" for each in answer.remarks))


def _slices(file_sets: Sequence[FileSet]) -> Iterator[Sequence[FileSet]]:
    for first in range(0, len(file_sets), AT_ONCE):
        yield file_sets[first : first + AT_ONCE]


def _named(file_set: FileSet) -> FileSet:
    """Return a file set with as many paths as external ids, and one at least: plugins delete pair by pair."""
    path = next(iter(file_set.files), f"/{file_set.item_id}")
    return file_set._replace(files=[path] * max(1, len(file_set.external_ids)))


def _joined(one: Answer, other: Answer) -> Answer:
    return Answer(
        one.done + other.done,
        one.refused + other.refused,
        "\n".join(dict.fromkeys(filter(None, (one.words, other.words)))),
        {**one.extra, **other.extra},
        one.pending + other.pending,
        one.remarks + other.remarks,
    )
