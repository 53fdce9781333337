import logging

import pytest

from yester.engine.messages.of_stores import LOG, stores_heard


def test_warnings_are_heard_as_long_as_the_block_lasts(capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    log = logging.getLogger(LOG)
    with stores_heard(heard.append):
        log.warning("%s was damaged", "data.1")
        log.info("nothing")
    log.warning("later")
    assert heard == ["data.1 was damaged"]
