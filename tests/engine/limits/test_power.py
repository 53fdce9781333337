from pathlib import Path

import pytest

from yester.engine.limits.power import on_battery

MAINS, BATTERY = {"type": "Mains", "online": "1"}, {"type": "Battery", "status": "Discharging"}
OFF = {**MAINS, "online": "0"}


@pytest.mark.parametrize(
    ("supplies", "expected"),
    [
        ([], False),
        ([MAINS], False),
        ([OFF], False),
        ([MAINS, BATTERY], False),
        ([OFF, BATTERY], True),
        ([OFF, {"type": "USB", "online": "1"}, BATTERY], False),
        ([OFF, {"type": "USB", "online": "0"}, BATTERY], True),
        ([BATTERY], True),
        ([{"type": "Battery", "status": "Charging"}], False),
        ([{"type": "Battery", "status": "Full"}], False),
        ([{"type": "Battery", "status": "Unknown"}], None),
        ([{"type": "Battery"}], None),
        ([{**BATTERY, "scope": "Device"}], False),
        ([MAINS, {**BATTERY, "scope": "Device"}], False),
        ([{"type": "Battery", "status": "Full"}, BATTERY], True),
        ([{}], False),
    ],
)
def test_what_the_kernel_lists(tmp_path: Path, supplies: list[dict[str, str]], expected: bool | None) -> None:
    for number, supply in enumerate(supplies):
        folder = tmp_path / f"S{number}"
        folder.mkdir()
        for name, text in supply.items():
            (folder / name).write_text(text + "\n")
    assert on_battery(tmp_path) is expected


def test_a_kernel_that_does_not_say(tmp_path: Path) -> None:
    assert on_battery(tmp_path / "none") is None
