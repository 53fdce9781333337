import json

import msgspec

from yester.engine.archive.holdings import Holding
from yester.engine.archive.port import Readiness
from yester.engine.ids import PackId
from yester.tui.cli.archive_looking import Stand
from yester.tui.state.archives import Held

ONE, TWO = PackId(b"1" * 32), PackId(b"2" * 32)


def held(pack: PackId, job: str, verified_ns: int = 0) -> Holding:
    return Holding(
        pack=pack, archive="tape", policy="two", external_ids=(job,), sha1="", size=1024, job=job,
        archived_ns=1, verified_ns=verified_ns, volumes=(), archive_name="Tape",
    )  # fmt: skip


def test_a_pack_of_which_an_archive_has_two_copies_counts_once() -> None:
    stand, copies = Stand("tape", "Tape", Readiness(False, 1)), [held(ONE, "a", 5), held(ONE, "b", 6), held(TWO, "a")]
    row = stand.row(copies, {TWO})
    assert (row[2], row[3]) == ("2 packs, 2.0 KiB", "1, 1.0 KiB")
    told = stand.as_json(copies, {TWO})
    assert (told["packs"], told["size"], told["verified_packs"]) == (2, 2048, 1)
    assert (told["offline_packs"], told["offline_size"]) == (1, 1024)


def test_the_terminal_program_takes_what_is_said_of_an_archive_also_of_one_whose_plugin_is_gone() -> None:
    stands = (Stand("tape", "Tape", None), Stand("tape", "Tape", Readiness(False, 7, "no drive"), ("It gathers",)))
    gone, there = (
        msgspec.convert(json.loads(json.dumps(stand.as_json([held(ONE, "a")], set()))), Held) for stand in stands
    )
    assert (gone.is_there, gone.ready_asked_ns, gone.packs) == (False, None, 1)
    assert (there.ready, there.ready_asked_ns, there.words, there.gathering) == (False, 7, "no drive", ("It gathers",))
