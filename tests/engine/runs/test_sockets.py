import os
import socket
from pathlib import Path

import pytest

from yester.engine.runs.sockets import connected, connected_first, listening, socket_path, sweep


@pytest.mark.parametrize("length", [0, 200])
def test_only_the_owner_connects_however_long_the_path(tmp_path: Path, length: int) -> None:
    folder = tmp_path / ("x" * length) / "runs"
    with listening(folder, "r1") as server:
        path = socket_path(folder, "r1")
        assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
        with connected(path) as client:
            connection, _ = server.accept()
            client.sendall(b"hello")
            assert connection.recv(5) == b"hello"
            connection.close()
    assert os.listdir(folder) == ["r1.sock"]


def test_a_folder_that_others_may_enter_is_closed_to_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    listening(tmp_path, "r1").close()
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_sockets_of_the_dead_are_swept_and_others_stay(tmp_path: Path) -> None:
    listening(tmp_path, "dead").close()
    (tmp_path / "r2.sock").touch()
    (tmp_path / "old.fresh").touch()
    os.utime(tmp_path / "old.fresh", (0, 0))
    (tmp_path / "new.fresh").touch()
    with listening(tmp_path, "alive"):
        assert sweep(tmp_path) == ["dead", "old", "r2"]
        assert sorted(os.listdir(tmp_path)) == ["alive.sock", "new.fresh"]
        found = connected_first([socket_path(tmp_path, "dead"), socket_path(tmp_path, "alive")])
        assert isinstance(found, socket.socket)
        found.close()
    assert connected_first([socket_path(tmp_path, "dead")]) is None
    assert sweep(tmp_path / "none") == []
