"""The archives `s3-tier` and `duplicity-cold`: packs kept as cold objects."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.moto_server import KEYS, running

from yester.engine.archive.port import FileSet
from yester.engine.places import Places
from yester.plugins.backends.registry import open_store
from yester.plugins.portal.shipped.duplicity_cold import DuplicityCold
from yester.plugins.portal.shipped.results import Failed
from yester.plugins.portal.shipped.s3_tier import S3Tier
from yester.plugins.portal.shipped.storing import Storing

Pack = Callable[..., FileSet]
NAMES = [f"data.{digit * 64}" for digit in "ab"]

COLD_BACKEND = '''
import os
import duplicity.backend

class ColdBackend(duplicity.backend.Backend):
    """A folder whose files can be read once they were asked for."""

    def __init__(self, parsed_url):
        super().__init__(parsed_url)
        self.folder = "/" + parsed_url.path.lstrip("/")
        os.makedirs(self.folder, exist_ok=True)

    def _put(self, source_path, remote_filename):
        source_path.rename_to = None
        with open(source_path.name, "rb") as source, open(self._path(remote_filename), "wb") as target:
            target.write(source.read())

    def _get(self, remote_filename, local_path):
        if not os.path.exists(self._path(remote_filename) + b".thawed"):
            raise OSError("it is frozen")
        with open(self._path(remote_filename), "rb") as source, open(local_path.name, "wb") as target:
            target.write(source.read())

    def _list(self):
        return [name for name in os.listdir(os.fsencode(self.folder)) if not name.endswith((b".thawed", b"calls"))]

    def _delete(self, filename):
        os.unlink(self._path(filename))

    def pre_process_download_batch(self, remote_filenames):
        with open(os.path.join(self.folder, "calls"), "a") as calls:
            calls.write(f"{len(remote_filenames)}\\n")
        for name in remote_filenames:
            open(self._path(name) + b".thawed", "w").close()

    def _path(self, name):
        return os.path.join(os.fsencode(self.folder), name)

duplicity.backend.register_backend("cold", ColdBackend)
'''


def with_options(plugin: Storing, **options: Any) -> Storing:
    plugin.options = {name: each.default for name, each in plugin.option_spec.items()} | options
    return plugin


@pytest.fixture
def bucket(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with running() as moto:
        yield f"s3+{moto.endpoint}/{moto.bucket()}/archive"


@pytest.fixture
def cold(home: Path, tmp_path: Path) -> Iterator[Storing]:
    folder = Places.default().data / "plugins" / "duplicity"
    folder.mkdir(parents=True)
    (folder / "coldbackend.py").write_text(COLD_BACKEND)
    plugin = with_options(DuplicityCold(), url=f"duplicity+cold://{tmp_path}/vault")
    yield plugin
    if plugin._opened is not None:
        plugin._opened.close()


def restored(plugin: Storing, file_sets: list[FileSet]) -> Any:
    """Ask until nothing is on its way any more."""
    end = time.monotonic() + 60
    while True:
        found = plugin.restore(file_sets, plugin.policy)
        if not found[3].get("pending"):
            return found
        assert time.monotonic() < end
        time.sleep(0.01)


def there_and_back(plugin: Storing, packs: list[FileSet]) -> None:
    kept, failed, words, _ = plugin.archive(packs, plugin.policy, "1")
    assert not failed and not words
    assert [each.external_ids for each in kept] == [[each.item_id] for each in packs]
    assert plugin.archive(packs, plugin.policy, "1")[0] == kept  # a job that was broken off asks again
    contents = [Path(each.files[0]).read_bytes() for each in kept]
    for each in kept:
        os.unlink(each.files[0])
    first = plugin.restore(kept, plugin.policy)
    assert first[3]["pending"] == {each.item_id: "It is being thawed" for each in kept}
    assert restored(plugin, kept)[:2] == (kept, [])
    assert [Path(each.files[0]).read_bytes() for each in kept] == contents


def test_what_lies_in_a_cold_class_of_s3_is_restored_first(bucket: str, pack: Pack) -> None:
    plugin = with_options(S3Tier(), url=bucket, storage_class="GLACIER")
    assert plugin.is_ready()
    packs = [pack(name, name.encode()) for name in NAMES]
    there_and_back(plugin, packs)
    store = open_store(bucket)
    assert sorted(store.list()) == NAMES
    store.put(NAMES[0], [b"rotten"])
    done, failed, _, more = plugin.restore(packs, plugin.policy)
    assert (done, failed) == ([packs[1]], [packs[0]])
    assert more["reasons"][NAMES[0]].endswith("/archive is damaged")
    assert plugin.delete(packs, plugin.policy)[:2] == (packs, [])
    assert plugin.delete(packs, plugin.policy)[:2] == (packs, [])
    assert [*store.list()] == []


def test_all_of_a_recall_is_thawed_by_one_call_of_duplicitys_hook(cold: Storing, pack: Pack, tmp_path: Path) -> None:
    there_and_back(cold, [pack(name, name.encode()) for name in NAMES])
    assert (tmp_path / "vault/calls").read_text() == "2\n"


def test_what_is_another_content_is_not_taken(cold: Storing, pack: Pack) -> None:
    one, two = (pack(name, name.encode()) for name in NAMES)
    Path(one.files[0]).write_bytes(b"changed")
    kept, failed, _, more = cold.archive([one, two], cold.policy, "1")
    assert ([each.item_id for each in kept], failed) == ([two.item_id], [one])
    assert more["reasons"][one.item_id].endswith("is not what it was: its SHA-1 is another")


@pytest.mark.parametrize(
    ("kind", "url", "words"),
    [
        (S3Tier, "", "yester plugin options s3-tier --set url=URL"),
        (S3Tier, "file:///tmp/x", "is no bucket: write s3://BUCKET/FOLDER"),
        (DuplicityCold, "s3://bucket/x", "is no backend of duplicity: write duplicity+SCHEME://"),
        (DuplicityCold, "duplicity+nonesuch://x/y", "nonesuch"),
    ],
)
def test_a_place_that_is_none_is_said(home: Path, kind: type[Storing], url: str, words: str) -> None:
    with pytest.raises(Failed) as caught:
        with_options(kind(), url=url).is_ready()
    assert words in str(caught.value)
