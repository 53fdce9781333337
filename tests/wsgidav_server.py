"""A WebDAV server for tests, in Python and in this process: on a port of loopback, one folder, one user."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cheroot import wsgi
from wsgidav.wsgidav_app import WsgiDAVApp  # type: ignore[import-untyped]

USER, PASSWORD = "ada", "p:ss wörd"

Application = Callable[[dict[str, Any], Any], Any]


class WebdavServer:
    """A server that is running; `before` may answer in its place."""

    def __init__(self, folder: Path, *, scheme: str = "", threads: int = 10) -> None:
        """`scheme`: what logins are asked for: "basic", "digest", or nobody's."""
        self.folder = self._top = folder
        self.asked: list[str] = []
        self.before: Callable[[dict[str, Any], Any], Any] | None = None
        users: Any = {"*": {USER: {"password": PASSWORD}}} if scheme else {"*": True}
        self._app = WsgiDAVApp(
            {
                "provider_mapping": {"/": str(folder)},
                "simple_dc": {"user_mapping": users},
                "http_authenticator": {
                    "accept_basic": scheme == "basic",
                    "accept_digest": scheme == "digest",
                    "default_to_digest": scheme == "digest",
                },
                "logging": {"enable": False},
                "verbose": 0,
                "hotfixes": {"re_encode_path_info": True},
                "dir_browser": {"enable": False},
            }
        )
        self._server = wsgi.Server(("127.0.0.1", 0), self._serve, numthreads=threads, request_queue_size=128)
        self._server.expiration_interval = 0.02  # so soon it hears that it is to stop
        self._server.prepare()
        self.port = int(self._server.bind_addr[1])
        self._thread = threading.Thread(target=self._server.serve)
        self._thread.start()

    def url(self, path: str = "repository", user: str = "") -> str:
        """Return the URL of a folder in its folder."""
        below = self.folder.relative_to(self._top)
        return f"webdav://{f'{user}@' if user else ''}127.0.0.1:{self.port}/{below}/{path}"

    def serve_anew(self, name: str) -> None:
        """Forget all of an earlier test: from now on URLs are of an empty folder of this name."""
        self.folder = self._top / name
        self.folder.mkdir()
        self.asked.clear()
        self.before = None

    def stop(self) -> None:
        """End it and its connections."""
        self._server.stop()
        self._thread.join()

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if self.before is not None:
            answer = self.before(environ, start_response)
            if answer is not None:
                return answer
        return self._app(environ, start_response)


@contextmanager
def serving(folder: Path, *, scheme: str = "", threads: int = 10) -> Iterator[WebdavServer]:
    """Serve a folder."""
    server = WebdavServer(folder, scheme=scheme, threads=threads)
    try:
        yield server
    finally:
        server.stop()
