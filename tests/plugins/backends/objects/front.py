"""What stands in front of a server, and may answer in its place, change what is asked, or break off."""

import http.client
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Request:
    """What a client asks."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What it is told; after `cut` bytes of the body the connection breaks off."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


Rule = Callable[[Request], Answer | None]
"""May answer, or change the request."""


def error(status: int, code: str, message: str = "", **more: str) -> Answer:
    """Return what S3 says when it refuses."""
    rest = "".join(f"<{name}>{text}</{name}>" for name, text in more.items())
    said = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message>{rest}</Error>'
    return Answer(status, said.encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, place: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(place, handler)
        self.connections: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        """Know each connection before a thread of its own serves it, so that none outlives the server."""
        self.connections.append(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep still about a client that has gone, as those do that are not answered in time."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Front:
    """A server that is running, in this process."""

    def __init__(
        self, behind: int, translate: Callable[[Request], Answer] | None = None, certificate: Path | None = None
    ) -> None:
        """`behind` is the port that requests go to; `translate` does it in another way. With a certificate, by TLS."""
        self.rules: list[Rule] = []
        self.asked: list[Request] = []
        self._behind, self.forward = behind, translate or self.pass_on
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                request = Request(self.command, self.path, dict(self.headers.items()), self.rfile.read(size))
                answer = front.answer(request)
                self.send_response(answer.status)
                headers = {name.lower(): value for name, value in answer.headers.items()}
                # Of what a HEAD asks for there is no body, and a length all the same.
                headers.setdefault("content-length", str(len(answer.body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body[: answer.cut])
                if answer.cut is not None:
                    self.close_connection = True

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

            def log_message(self, *_: object) -> None:
                """Keep still."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self._serving = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._serving.start()

    def answer(self, request: Request) -> Answer:
        """Return what the first rule says that says something; else what the server behind does."""
        self.asked.append(request)
        for rule in self.rules:
            answer = rule(request)
            if answer is not None:
                return answer
        return self.forward(request)

    def refuse(self, answer: Answer, *methods: str) -> None:
        """Answer so from now on, where the method is one of these."""
        self.rules.append(lambda request: answer if request.method in methods or not methods else None)

    def pass_on(self, request: Request) -> Answer:
        """Return what the server behind answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self._behind)
        try:
            connection.request(request.method, request.path, request.body or None, request.headers)
            response = connection.getresponse()
            body = response.read()
            kept = {
                name: value
                for name, value in response.getheaders()
                if name.lower() not in ("transfer-encoding", "connection", "server", "date")
            }
            return Answer(response.status, body, kept)
        finally:
            connection.close()

    def stop(self) -> None:
        """End it, and all connections."""
        self._server.shutdown()
        self._serving.join()
        for connection in self._server.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()


@contextmanager
def running(
    behind: int, translate: Callable[[Request], Answer] | None = None, certificate: Path | None = None
) -> Iterator[Front]:
    """Run one."""
    front = Front(behind, translate, certificate)
    try:
        yield front
    finally:
        front.stop()
