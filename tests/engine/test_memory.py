import ctypes

import pytest

from yester.engine.memory import keep_freed_memory


def test_glibc_takes_the_settings() -> None:
    assert keep_freed_memory() is hasattr(ctypes.CDLL(None), "mallopt")


def test_a_c_library_without_mallopt_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert keep_freed_memory() is False
