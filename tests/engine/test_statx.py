import os
import subprocess
from pathlib import Path

from yester.engine.statx import Probe


def test_birth_time_is_what_the_system_says(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    words = subprocess.run(["stat", "-c", "%.9W", path], capture_output=True, text=True, check=True).stdout
    seconds, _, ns = words.strip().partition(".")
    expected = int(seconds) * 10**9 + int(ns)
    probe = Probe()
    folder = os.open(tmp_path, os.O_RDONLY)
    file = os.open(path, os.O_RDONLY)
    try:
        assert probe.birth_ns(folder, b"file") == probe.birth_ns(file) == expected
        assert probe.look_again(file, os.stat(path)) == (True, expected)
        assert probe.birth_ns(folder, b"none") is None
    finally:
        os.close(folder)
        os.close(file)


def test_a_second_look_sees_every_change(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    status = path.stat()
    file = os.open(path, os.O_RDWR)
    try:
        probe = Probe()
        assert probe.look_again(file, status)[0]
        os.utime(file, ns=(0, status.st_mtime_ns - 1))
        assert not probe.look_again(file, status)[0]
        status = path.stat()
        os.write(file, b"longer")
        assert not probe.look_again(file, status)[0]
    finally:
        os.close(file)


def test_times_before_1970(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    os.utime(path, ns=(-5_500_000_000, -1_500_000_001))
    with path.open() as file:
        assert Probe().look_again(file.fileno(), path.stat())[0]
