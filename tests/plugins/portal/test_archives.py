"""Archives of every generation, in their workers, as the engine sees them."""

from collections.abc import Callable
from pathlib import Path

from tests.plugins.portal.conftest import Heard
from tests.plugins.portal.generations import GENERATIONS, kept_in

from yester.engine.archive.port import FileSet
from yester.plugins.portal.archives import PortalArchives

Put = Callable[[str, str | dict[str, str]], Path]
Open = Callable[..., PortalArchives]
Pack = Callable[..., FileSet]


def test_every_generation_takes_brings_back_and_lets_go(
    put: Put, open_them: Open, pack: Pack, shelf: Path, heard: Heard
) -> None:
    for name, text in GENERATIONS.items():
        (shelf / name).mkdir()
        put(name, kept_in(text, shelf / name))
    archives = open_them()
    assert [*archives.all()] == ["of-2015", "of-2021", "of-the-document"]
    file_sets = [pack("data.aa", b"one", "here", "there"), pack("data.bb", b"two\0", "here", "there")]
    for name in GENERATIONS:
        archive = archives.named(name)
        policy = archive.policies()[0].uuid
        taken = archive.archive(file_sets, policy, "job-1")
        assert [each.item_id for each in taken.done] == ["data.aa", "data.bb"] and not taken.refused
        assert sorted(path.name for path in (shelf / name).iterdir()) == [
            f"data_{each.item_id}_{each.sha1}.{each.item_id[-2:]}" for each in file_sets
        ]
        for each in file_sets:
            Path(each.files[0]).unlink()
        back = archive.restore(taken.done, policy)
        assert [each.item_id for each in back.done] == ["data.aa", "data.bb"]
        assert Path(file_sets[1].files[0]).read_bytes() == b"two\0"
        gone = archive.delete(back.done, policy)
        assert len(gone.done) == 2 and not [*(shelf / name).iterdir()]
    assert heard.said_texts == []
    assert archives.seconds.keys() == GENERATIONS.keys() and min(archives.seconds.values()) > 0
