from yester.engine.events import StoreCalls
from yester.tui.cli.run_words import calls_words, trouble_words


def test_what_was_asked_of_a_store() -> None:
    calls = (StoreCalls("s", "put", 3, 2048, 10**9, 2), StoreCalls("s", "list", 1, failures=1))
    assert calls_words(calls[0]) == "3 put (2.0 KiB, 1.0 s, 2 made again)"
    assert calls_words(calls[1]) == "1 list (0.0 s, 1 failed)"
    assert trouble_words(calls) == "of 4 calls to the store 2 had to be made again and 1 failed"
    assert trouble_words(()) == ""
