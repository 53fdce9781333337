from pathlib import Path

import pytest
from tests.engine.schedule.stand_ins import said, stand_in

from yester.engine.errors import YesterError
from yester.engine.limits.shutdown import switch_off

NOTES = '#!/bin/sh\necho "${0##*/} $*" >>"$STAND_IN/said"\n'
REFUSES = NOTES + 'echo "not allowed" >&2\nexit 1\n'


@pytest.mark.parametrize(
    ("programs", "calls"),
    [
        ({"systemctl": NOTES, "shutdown": NOTES}, ["systemctl poweroff"]),
        ({"systemctl": REFUSES, "shutdown": NOTES}, ["systemctl poweroff", "shutdown -h now"]),
        ({"shutdown": NOTES}, ["shutdown -h now"]),
    ],
)
def test_the_first_that_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: dict[str, str], calls: list[str]
) -> None:
    monkeypatch.setenv("PATH", str(stand_in(tmp_path, **programs)))
    monkeypatch.setenv("STAND_IN", str(tmp_path))
    switch_off()
    assert said(tmp_path) == calls


def test_nobody_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(stand_in(tmp_path, systemctl=REFUSES)))
    monkeypatch.setenv("STAND_IN", str(tmp_path))
    with pytest.raises(YesterError, match="systemctl: not allowed; shutdown: not here"):
        switch_off()
