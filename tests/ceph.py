"""A real Ceph cluster for tests: a monitor, a manager, three stores of three copies each, a gateway that speaks S3.

All on loopback, in one folder, without a key among themselves. What was learned: the gateway wants secure connections
to the monitor, which a cluster without keys cannot give, so `crc`; without tcp_nodelay a small read takes 40 ms; a
store that is asked to end takes seconds over it, so it is killed, as the tests do anyway.
"""

import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from yester.plugins.backends.objects.aws_signing import Keys
from yester.plugins.backends.objects.s3_requests import Requests

PROGRAMS = ("ceph-mon", "ceph-mgr", "ceph-osd", "radosgw", "ceph", "radosgw-admin")
STORES = 3
KEYS = {"AWS_ACCESS_KEY_ID": "yestertest", "AWS_SECRET_ACCESS_KEY": "yestersecret"}

_CONFIG = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon},v1:127.0.0.1:{mon_old}]
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
public network = 127.0.0.0/8
osd pool default size = 3
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon data avail warn = 1
mon data avail crit = 1
run dir = {folder}/run
log file = {folder}/log/$name.log
admin socket = {folder}/run/$name.asok
pid file = {folder}/run/$name.pid
crash dir = {folder}/crash
mon data = {folder}/mon
mgr data = {folder}/mgr
osd data = {folder}/osd.$id
setuser match path =
osd objectstore = bluestore
bluestore block size = 3221225472
bluestore cache autotune = false
bluestore cache size = 134217728
osd memory target = 939524096
osd op num shards = 2
osd heartbeat grace = 4
osd heartbeat interval = 1
mon osd min down reporters = 1
[client.rgw]
ms mon client mode = crc
rgw frontends = beast endpoint=127.0.0.1:{gateway} tcp_nodelay=1
rgw data = {folder}/rgw
rgw thread pool size = 32
"""


class Ceph:
    """A cluster that is running."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started_in_s = 0.0
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._config = folder / "ceph.conf"
        for name in ("run", "log", "crash", "mon", "mgr", "rgw", *(f"osd.{number}" for number in range(STORES))):
            (folder / name).mkdir()
        mon, mon_old, self.port = _free_ports(3)
        self._fsid = str(uuid.uuid4())
        self._config.write_text(
            _CONFIG.format(fsid=self._fsid, folder=folder, mon=mon, mon_old=mon_old, gateway=self.port)
        )
        self._mon_addresses = f"[v2:127.0.0.1:{mon},v1:127.0.0.1:{mon_old}]"

    @property
    def endpoint(self) -> str:
        """Where the gateway listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Make the cluster and start all of it; returns when the gateway answers."""
        begun = time.monotonic()
        self._run(
            "monmaptool", "--create", "--fsid", self._fsid, "--addv", "a", self._mon_addresses, self.folder / "monmap"
        )
        self._tool("ceph-mon", "-i", "a", "--mkfs", "--monmap", self.folder / "monmap")
        self._daemon("mon", "ceph-mon", "-i", "a")
        self._daemon("mgr", "ceph-mgr", "-i", "x")
        for number in range(STORES):
            identity = str(uuid.uuid4())
            self.ceph("osd", "new", identity, str(number))
            self._tool("ceph-osd", "-i", str(number), "--mkfs", "--osd-uuid", identity)
            self.start_store(number)
        self.ceph("osd", "pool", "set", "noautoscale")
        self._daemon("rgw", "radosgw", "-n", "client.rgw")
        self._wait(self._answers, "the gateway does not answer")
        self.admin(
            "user", "create", "--uid=t", "--display-name=t", "--access-key=yestertest", "--secret-key=yestersecret"
        )
        self.started_in_s = time.monotonic() - begun

    def bucket(self, name: str, keys: Mapping[str, str] = KEYS) -> str:
        """Make a bucket, and return the URL of all of it."""
        made = Keys(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
        reply = Requests(f"{self.endpoint}/{name}", "us-east-1", lambda: made).ask("PUT", "")
        assert reply.status == 200, reply
        return f"s3+http://127.0.0.1:{self.port}/{name}"

    def user(self, name: str) -> dict[str, str]:
        """Make another user, and return the variables with its keys."""
        self.admin(
            "user", "create", f"--uid={name}", f"--display-name={name}", f"--access-key={name}", "--secret-key=s"
        )
        return {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": "s"}

    def start_store(self, number: int) -> None:
        """Start one of the stores, also again."""
        self._daemon(f"osd.{number}", "ceph-osd", "-i", str(number))

    def kill_store(self, number: int) -> None:
        """Kill a store as a loss of power does."""
        self._end(f"osd.{number}")

    def wait_until_healthy(self) -> None:
        """Wait until everything is there in three copies again."""
        self._wait(
            lambda: b"active+clean" in self.ceph("pg", "stat") and self._stores_up() == STORES, "copies are missing"
        )

    def ceph(self, *arguments: str) -> bytes:
        """Run an administrator's command."""
        return self._tool("ceph", "--connect-timeout", "60", *arguments)

    def admin(self, *arguments: str) -> bytes:
        """Run a command of the gateway's administrator."""
        return self._tool("radosgw-admin", "--ms-mon-client-mode=crc", *arguments)

    def stop(self) -> None:
        """End all of it."""
        for name in reversed(list(self._running)):
            self._end(name)

    def _stores_up(self) -> int:
        return self.ceph("osd", "dump").count(b" up ")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.endpoint, timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def _daemon(self, name: str, *command: str | Path) -> None:
        """Start a part of the cluster, which ends with the tests, however those end."""
        with open(self.folder / "log" / f"{name}.out", "ab") as out:
            self._running[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", command[0], "-c", self._config, "-f", *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def _end(self, name: str) -> None:
        process = self._running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def _tool(self, program: str, *arguments: str | Path) -> bytes:
        return self._run(program, "-c", self._config, *arguments)

    def _run(self, *command: str | Path) -> bytes:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace")
            pytest.fail(f"{command[0]} {command[3:]} ends with {done.returncode}: {said}", pytrace=False)
        return done.stdout

    def _wait(self, is_so: Callable[[], bool], why_not: str) -> None:
        end = time.monotonic() + 120
        while not is_so():
            if time.monotonic() > end:
                pytest.fail(f"Ceph: {why_not}", pytrace=False)
            time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    """Return ports below those that clients are given, so that nobody takes one before the cluster does."""
    found: list[int] = []
    for port in random.sample(range(20_000, 32_000), 1000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    pytest.fail("Ceph: there are no free ports", pytrace=False)


@contextmanager
def running(folder: Path) -> Iterator[Ceph]:
    """Run a cluster in an empty folder; a failure where there is none to run."""
    lacking = [name for name in PROGRAMS if not shutil.which(name)]
    if lacking:
        pytest.fail(f"Ceph is not installed: run `make test-servers` ({', '.join(lacking)})", pytrace=False)
    cluster = Ceph(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
