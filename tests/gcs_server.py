"""A server that speaks as Google Cloud Storage does, for tests: an emulator, a process of its own, nothing on disk.

It knows Google's JSON interface and little of the XML one, which the library speaks. So what tests talk to stands
before it and translates: lists, heads, deletions, and conditions, which the emulator passes over.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime
from hashlib import md5
from itertools import count
from urllib.parse import parse_qs, quote, unquote
from xml.sax.saxutils import escape

import pytest
from tests.plugins.backends.objects.front import Answer, Front, Request, error

_PROGRAM = """
import logging
from http.server import HTTPServer
from gcp_storage_emulator.server import create_server
from gcp_storage_emulator.storage import Storage
logging.disable()
# It would write down all that it has after each request: that is for one which is started again.
Storage._write_config_to_file = lambda self: None
# It answers one at a time; a connection for which there is no room in the queue waits a second and more.
HTTPServer.request_queue_size = 128
server = create_server("127.0.0.1", 0, in_memory=True)
server.start()
print(server._api._httpd.server_port, flush=True)
"""
_PAGE = 1000
_CONDITION = "x-goog-if-generation-match"


class Gcs:
    """The emulator that is running, and what stands before it."""

    def __init__(self) -> None:
        # A run of the tests that is killed leaves no server behind.
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-P", "-c", _PROGRAM],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            pytest.fail("The emulator of Google Cloud Storage does not start", pytrace=False)
        self._buckets = count(1)
        self._creating = threading.Lock()
        self._front = Front(int(said), self._translated)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._front.port

    @property
    def front(self) -> Front:
        """What stands before it."""
        return self._front

    def bucket(self) -> str:
        """Make a bucket, and return its name."""
        name = f"bucket-{next(self._buckets)}"
        self._ask("POST", "/storage/v1/b", json.dumps({"name": name}).encode(), {"Content-Type": "application/json"})
        return name

    def stop(self) -> None:
        """End both."""
        self._front.stop()
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _translated(self, request: Request) -> Answer:
        path, _, query = request.path.partition("?")
        bucket, _, key = path.strip("/").partition("/")
        bucket = unquote(bucket)
        if not key:
            return self._listed(bucket, {name: values[0] for name, values in parse_qs(query).items()})
        does = {"HEAD": self._head, "GET": self._get, "PUT": self._put, "DELETE": self._delete}[request.method]
        return does(request, bucket, quote(unquote(key), safe=""))

    def _listed(self, bucket: str, asked: dict[str, str]) -> Answer:
        wish = "&".join(f"{name}={quote(asked[name])}" for name in ("prefix", "delimiter") if name in asked)
        answer = self._ask("GET", f"/storage/v1/b/{bucket}/o?{wish}")
        if answer.status != 200:
            return error(404, "NoSuchBucket", "The specified bucket does not exist.")
        found = json.loads(answer.body)
        items = [item for item in found["items"] if item["name"] > asked.get("continuation-token", "")]
        page, is_more = items[:_PAGE], len(items) > _PAGE
        keys = "".join(
            f"<Contents><Key>{escape(item['name'])}</Key><Size>{item['size']}</Size>"
            f"<LastModified>{item['updated']}</LastModified><ETag>{item['etag']}</ETag></Contents>"
            for item in page
        )
        folders = "".join(
            f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in found["prefixes"]
        )
        more = f"<NextContinuationToken>{escape(page[-1]['name'])}</NextContinuationToken>" if is_more else ""
        return Answer(200, f"<ListBucketResult>{keys}{folders}{more}</ListBucketResult>".encode())

    def _head(self, request: Request, bucket: str, key: str) -> Answer:
        found = self._about(bucket, key)
        return Answer(200, b"", {**_marks(found), "Content-Length": found["size"]}) if found else Answer(404)

    def _get(self, request: Request, bucket: str, key: str) -> Answer:
        found = self._about(bucket, key)
        if found is None:
            return self._none(bucket)
        start = int(request.headers.get("range", "bytes=0-")[len("bytes=") :].partition("-")[0])
        if start and start >= int(found["size"]):
            return error(416, "InvalidRange", "The requested range cannot be satisfied.")
        answer = self._ask("GET", f"/{bucket}/{key}", b"", request.headers)
        return Answer(answer.status, answer.body, {**answer.headers, **_marks(found)})

    def _put(self, request: Request, bucket: str, key: str) -> Answer:
        headers = {name: value for name, value in request.headers.items() if name.lower() != _CONDITION}
        with self._creating:
            if len(headers) < len(request.headers) and self._about(bucket, key):
                return error(412, "PreconditionFailed", "A condition you specified did not hold.")
            answer = self._stored(bucket, key, request.body)
        if answer.status == 404:
            return self._none(bucket)
        return Answer(answer.status, b"", {"ETag": f'"{md5(request.body).hexdigest()}"'})

    def _stored(self, bucket: str, key: str, body: bytes) -> Answer:
        where = f"/upload/storage/v1/b/{bucket}/o?name={key}&uploadType="
        if body:
            return self._ask("POST", f"{where}media", body, {"Content-Type": "application/octet-stream"})
        # It takes an empty body for none; but what is stored in pieces may have no piece.
        begun = self._ask("POST", f"{where}resumable")
        if begun.status != 200:
            return begun
        upload = begun.headers["Location"].rpartition("upload_id=")[2]
        return self._ask("PUT", f"{where}resumable&upload_id={upload}", b"", {"Content-Range": "bytes */0"})

    def _delete(self, request: Request, bucket: str, key: str) -> Answer:
        answer = self._ask("DELETE", f"/storage/v1/b/{bucket}/o/{key}")
        return self._none(bucket) if answer.status == 404 else Answer(204)

    def _about(self, bucket: str, key: str) -> dict[str, str] | None:
        answer = self._ask("GET", f"/storage/v1/b/{bucket}/o/{key}")
        return json.loads(answer.body) if answer.status == 200 else None

    def _none(self, bucket: str) -> Answer:
        if self._ask("GET", f"/storage/v1/b/{bucket}").status == 404:
            return error(404, "NoSuchBucket", "The specified bucket does not exist.")
        return error(404, "NoSuchKey", "The specified key does not exist.")

    def _ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        return self._front.pass_on(Request(method, path, headers or {}, body))


def _marks(found: dict[str, str]) -> dict[str, str]:
    moment = datetime.fromisoformat(found["updated"])
    return {"ETag": f'"{found["etag"]}"', "Last-Modified": format_datetime(moment, usegmt=True)}


@contextmanager
def running() -> Iterator[Gcs]:
    """Run one."""
    server = Gcs()
    try:
        yield server
    finally:
        server.stop()
