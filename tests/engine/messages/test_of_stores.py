import logging

import pytest

from yester.engine.messages.of_stores import LOG, stores_heard


def test_warnings_are_heard_as_long_as_the_block_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    log = logging.getLogger(LOG)
    with stores_heard(heard.append):
        log.warning("%s was damaged", "data.1")
        log.info("nothing")
    assert capsys.readouterr().err == ""
    log.warning("later\x1b[2J")
    assert heard == ["data.1 was damaged"]
    assert capsys.readouterr().err == "yester: later?[2J\n"
