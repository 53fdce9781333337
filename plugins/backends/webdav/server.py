"""Requests to one server, over connections that stay open; what goes wrong on the way is a StoreError.

A request is made once. Its body goes out as it is in memory, slice by slice, and may have to be sent a second time
when the server only then asks who is there.
"""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx

from yester.engine.errors import Broken, Denied, Retry, StoreError, UsageError
from yester.engine.store import Buffer

CONNECT_S = 30.0
"""How long a connection may take to be made."""
STALL_S = 120
"""How long nothing may move: longer than a disk takes to wake up, or to make a large object durable."""
MOST = 8
"""Connections at once."""
IDLE_S = 15.0
"""How long a connection is kept that nobody uses; less than servers do, whose end of it would be met in mid-request."""
_SLICE = 128 << 10
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Body:
    """Buffers as the body of a request, which can be sent again."""

    def __init__(self, buffers: Sequence[Buffer]) -> None:
        self._buffers = buffers
        self.size = sum(memoryview(buffer).nbytes for buffer in buffers)

    def __iter__(self) -> Iterator[bytes]:
        for buffer in self._buffers:
            view = memoryview(buffer).cast("B")
            for start in range(0, len(view), _SLICE):
                yield bytes(view[start : start + _SLICE])


class Server:
    """A server; threads share it, each request has a connection for itself."""

    def __init__(
        self,
        place: str,
        origin: str,
        *,
        auth: httpx.Auth | None = None,
        tls: ssl.SSLContext | None = None,
        socket: str | None = None,
        stall_s: float | None = STALL_S,
    ) -> None:
        """`place` is what messages call it; `socket` a local one that it listens on."""
        self._place, self._origin, self._stall_s = place, origin, stall_s
        limits = httpx.Limits(max_connections=MOST, max_keepalive_connections=MOST, keepalive_expiry=IDLE_S)
        self._client = httpx.Client(
            auth=auth,
            verify=tls or True,
            transport=httpx.HTTPTransport(uds=socket, limits=limits) if socket else None,
            limits=limits,
            timeout=httpx.Timeout(stall_s, connect=CONNECT_S, pool=None),
            headers={"User-Agent": "yester", "Accept": "*/*", "Accept-Encoding": "identity"},
            trust_env=socket is None,
        )

    @contextmanager
    def answer(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Body | bytes | None = None,
        *,
        follow: bool = False,
    ) -> Iterator[httpx.Response]:
        """Ask, and give the answer, whose body is still to be read; `follow` a server that keeps files elsewhere."""
        sent = dict(headers or {})
        if isinstance(body, Body):
            sent["Content-Length"] = str(body.size)
        url = path if "://" in path else self._origin + path
        with self._minded():
            for _ in range(_MOST_REDIRECTS):
                with self._client.stream(method, url, headers=sent, content=body) as response:
                    if not follow or response.status_code not in _REDIRECTS or not response.next_request:
                        yield response
                        return
                    url = self._elsewhere(response)
            raise Broken(f"{self._place} sends from one place to the next without end")

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def _elsewhere(self, response: httpx.Response) -> str:
        """Return where a redirect leads; the login goes to no other server, and nothing from TLS to the open."""
        assert response.next_request is not None
        url = response.next_request.url
        if response.url.scheme == "https" and url.scheme != "https":
            raise Broken(f"{self._place} sends to a place that is not encrypted")
        if (url.scheme, url.host, url.port) != (response.url.scheme, response.url.host, response.url.port):
            raise Broken(f"{self._place} sends to {url.host}", hint="Give the URL of that server.")
        return str(url)

    @contextmanager
    def _minded(self) -> Iterator[None]:
        """Say in a StoreError what went wrong on the way."""
        try:
            yield
        except httpx.TimeoutException as error:
            seconds = CONNECT_S if isinstance(error, httpx.ConnectTimeout) else self._stall_s
            raise Retry(f"{self._place} has not answered for {seconds:.0f} seconds") from None
        except httpx.TransportError as error:
            raise self._lost(error) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise Broken(f"{self._place} answers what is no HTTP: {_words(error)}") from None
        except RuntimeError as error:
            if not self._client.is_closed:
                raise
            raise StoreError("The connection is closed") from error

    def _lost(self, error: httpx.TransportError) -> StoreError:
        words = _words(error)
        if "CERTIFICATE_VERIFY_FAILED" in words or "certificate verify failed" in words:
            return Denied(
                f"The certificate of {self._place} is not trusted: {words}",
                hint="Somebody may be between you and it. Is its authority your own? YESTER_WEBDAV_CA_FILE.",
            )
        if "SSL" in words or "TLS" in words:
            return Denied(
                f"No encrypted connection to {self._place} can be made: {words}",
                hint="A server may want a certificate of yours (YESTER_WEBDAV_CLIENT_CERT), or have no TLS there.",
            )
        if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
            return Broken(f"{self._place} cannot be asked: {words}")
        return Retry(f"The connection to {self._place} is lost: {words}", hint="Check the network and the server.")


def _words(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:300]


def tls_context(ca_file: str | None, cert: str | None, key: str | None) -> ssl.SSLContext:
    """Return how servers are trusted, and what is shown to them. UsageError."""
    try:
        context = ssl.create_default_context()
        if ca_file:
            context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"{ca_file} is no file of certificates: {_words(error)}") from None
    # A server may want to see it only for some of its folders.
    context.post_handshake_auth = True
    if cert:
        try:
            # Never ask at the terminal for a key's passphrase.
            context.load_cert_chain(cert, key or None, password=lambda: b"")
        except (OSError, ssl.SSLError, ValueError) as error:
            raise UsageError(
                f"{cert} is no certificate with its key: {_words(error)}",
                hint="A PEM file with both, or the key in YESTER_WEBDAV_CLIENT_KEY; a key without a passphrase.",
            ) from None
    return context
