"""Over a line: restore and `cp -a` through a far one, and uploads beside what moves the bytes with no backup program.

Servers and the line are those of the tests. The far line delivers each byte 25 ms late each way and is otherwise as
fast as loopback; what it costs by itself is in the same table, as `ssh … tar | tar`.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.benchmarks.measures import Measures, remove
from tests.benchmarks.processes import Command, measure, shell
from tests.benchmarks.recorder import Recorder, Turn
from tests.benchmarks.tools import PASSPHRASE, Bare, Restic, Yester
from tests.ceph import KEYS as CEPH_KEYS
from tests.ceph import running as ceph
from tests.far_line import far_line
from tests.moto_server import KEYS
from tests.moto_server import running as moto
from tests.sshd import running as sshd

PACK = 16 << 20
OBJECTS_AT_ONCE = {"copy to S3": 4, "copy to S3, two at a time": 2, "copy to S3, one": 1}
"""How the bare library is measured: first with as many at once as yester."""
_PUT = """
import mmap
import sys
from concurrent.futures import ThreadPoolExecutor
import obstore
from obstore.store import S3Store

endpoint, bucket, path, pack, at_once = sys.argv[1:]
options = {"allow_http": True}
store = S3Store(
    bucket, endpoint=endpoint, region="us-east-1", virtual_hosted_style_request=False, client_options=options
)
with open(path, "rb") as file:
    data = memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
size = int(pack)


def put(at):
    obstore.put(store, f"{at_once}/{at}", data[at : at + size], use_multipart=False)


with ThreadPoolExecutor(int(at_once)) as pool:
    list(pool.map(put, range(0, len(data), size)))
"""
"""What the library moves with as little as possible around it: so many objects of a pack's size at once."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a server is reached by ssh."""

    ssh: str
    port: int
    client: Path
    over: ClassVar[str] = "127.0.0.1"

    def lead(self, tool: Yester | Restic) -> None:
        """Let a tool find its repository on the other side."""
        if isinstance(tool, Yester):
            tool.address = f"sftp://{self.over}:{self.port}{tool.repository}"
            tool.more = {"YESTER_SSH_COMMAND": self.ssh}
        else:
            tool.address = f"sftp:{self.over}:{tool.repository}"
            tool.words = ("-o", f"sftp.command={self.ssh} -p {self.port} {self.over} -s sftp")


@contextmanager
def _way(folder: Path, *, is_far: bool) -> Iterator[Way]:
    folder.mkdir()
    try:
        with sshd(folder) as server:
            # Whatever the port is by which it is reached, its key is the one that it has at its own.
            ssh = f"{server.ssh} -o HostKeyAlias=[{Way.over}]:{server.port}"
            if not is_far:
                yield Way(ssh, server.port, server.folder / "client")
                return
            with far_line(server.port) as port:
                yield Way(ssh, port, server.folder / "client")
    finally:
        remove(folder)


def measure_far(measures: Measures, record: Recorder, turns: Sequence[Turn], folder: Path) -> None:
    """Restore and copy out of a mount through the far line, with nothing of the repository on this side."""
    for turn in turns:
        if not isinstance(turn.tool, Yester | Restic | Bare):
            continue
        if not isinstance(turn.tool, Bare) and not measures.begin(turn):
            continue
        with _way(folder / "far", is_far=True) as way:
            if isinstance(turn.tool, Bare):
                _pipe(record, turn, way)
                continue
            way.lead(turn.tool)
            for look in (measures.restore, measures.copy):
                remove(turn.tool.work / "home/.cache")
                look(turn)
        turn.tool.reset()


def _pipe(record: Recorder, turn: Turn, way: Way) -> None:
    """What the line and ssh ask for, however the files come."""
    for name in ("restore", "cp"):
        target = turn.tool.work / "copy"
        target.mkdir()
        inner = f"tar -cf - -C {turn.source.parent} {turn.source.name}"
        line = f"{way.ssh} -p {way.port} {way.over} '{inner}' | tar -xf - -C {target}"
        record.add(turn, name, measure([shell(line)], turn.tool.environment()))
        remove(target)


def measure_upload(measures: Measures, record: Recorder, turns: Sequence[Turn], folder: Path) -> None:
    """Copy a repository of noise to an SFTP server and to one of S3 on loopback."""
    for turn in turns:
        size = sum(path.stat().st_size for path in turn.source.iterdir())
        if isinstance(turn.tool, Yester) and measures.begin(turn):
            with _way(folder / "near", is_far=False) as way:
                turn.tool.more = {"YESTER_SSH_COMMAND": way.ssh}
                _copy(record, turn, "SFTP", f"sftp://{way.over}:{way.port}{folder}/target", size)
                remove(folder / "target")
            with moto() as server:
                turn.tool.more = KEYS
                address = f"s3+http://127.0.0.1:{server.port}/{server.bucket()}/repository"
                _copy(record, turn, "S3", address, size)
        elif isinstance(turn.tool, Bare):
            _put(record, turn, folder, size)
        turn.tool.reset()


def measure_cluster(measures: Measures, record: Recorder, turns: Sequence[Turn], folder: Path) -> None:
    """Copy a repository of noise to a bucket of a Ceph cluster, and move the same bytes by obstore."""
    data = folder / "bytes"
    for turn in turns:
        (folder / "ceph").mkdir()
        with ceph(folder / "ceph") as cluster:
            if isinstance(turn.tool, Yester) and measures.begin(turn):
                cluster.bucket("yester")
                turn.tool.more = CEPH_KEYS
                size = sum(path.stat().st_size for path in turn.source.iterdir())
                _copy(record, turn, "S3", f"s3+{cluster.endpoint}/yester/repository", size)
            elif isinstance(turn.tool, Bare):
                measure([shell(f"cat {turn.source}/* > {data}")], turn.tool.environment())
                for number, name in enumerate(OBJECTS_AT_ONCE):
                    cluster.bucket(f"bare-{number}")
                    _put_objects(record, turn, name, (cluster.endpoint, f"bare-{number}"), data, CEPH_KEYS)
                data.unlink()
        remove(folder / "ceph")
        turn.tool.reset()


def _put_objects(
    record: Recorder, turn: Turn, name: str, bucket: tuple[str, str], data: Path, keys: Mapping[str, str]
) -> None:
    words = (sys.executable, "-P", "-c", _PUT, *bucket, str(data), str(PACK), str(OBJECTS_AT_ONCE[name]))
    moved = measure([Command(words)], {**turn.tool.environment(), **keys})
    record.add(turn, name, moved, bytes=data.stat().st_size)


def _copy(record: Recorder, turn: Turn, name: str, address: str, size: int) -> None:
    assert isinstance(turn.tool, Yester)
    secrets = {"YESTER_FROM_PASSPHRASE": PASSPHRASE, "YESTER_TO_PASSPHRASE": PASSPHRASE}
    environment = {**turn.tool.environment(), **secrets}
    made = measure([turn.tool.command_of("init", address, "--like", turn.tool.repository)], environment)
    copied = measure([turn.tool.command_of("copy", "--all", "--to", address)], environment)
    copied.error = made.error or copied.error
    record.add(turn, f"copy to {name}", copied, bytes=size)


def _put(record: Recorder, turn: Turn, folder: Path, size: int) -> None:
    """Move the same bytes by `sftp`, made durable as yester does, and by obstore."""
    data = folder / "bytes"
    environment = turn.tool.environment()
    measure([shell(f"cat {turn.source}/* > {data}")], environment)
    with _way(folder / "near", is_far=False) as way:
        line = f"echo put -f {data} {data}.there | sftp -q -b - -F {way.client} -P {way.port} {way.over}"
        record.add(turn, "copy to SFTP", measure([shell(line)], environment), bytes=size)
    with moto() as server:
        for name in OBJECTS_AT_ONCE:
            _put_objects(record, turn, name, (server.endpoint, server.bucket()), data, KEYS)
    for path in (data, Path(f"{data}.there")):
        path.unlink()
