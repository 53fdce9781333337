"""A mail server that keeps what it is sent: as much of RFC 5321 as smtplib asks for, with STARTTLS and AUTH PLAIN."""

import base64
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Post:
    """What came, and how it behaves: `answers` are in the place of its own, by command."""

    port: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)
    letters: list[bytes] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """Commands, the encrypted ones after a `*`."""


def certificate(folder: Path) -> tuple[Path, Path]:
    """Return files with a certificate for 127.0.0.1 that signs itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return folder / "cert.pem", folder / "key.pem"


@contextmanager
def post_office(files: tuple[Path, Path], *, tls: bool = False, **answers: str) -> Iterator[Post]:
    """Serve until the block ends; with `tls` encrypted from the first byte."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    with socket.create_server(("127.0.0.1", 0)) as server:
        state = Post(server.getsockname()[1], answers)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                with suppress(OSError):
                    connection, _ = server.accept()
                    with connection:
                        if not stop.is_set():
                            connection.settimeout(10)
                            _converse(
                                context.wrap_socket(connection, server_side=True) if tls else connection, context, state
                            )

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield state
        finally:
            stop.set()
            socket.create_connection(("127.0.0.1", state.port)).close()
            thread.join()


def _converse(connection: socket.socket, context: ssl.SSLContext, state: Post) -> None:
    lines = connection.makefile("rb")
    connection.sendall(b"220 here ESMTP\r\n")
    try:
        while line := lines.readline():
            command = line.decode().strip()
            verb = command.upper().split(" ")[0].partition(":")[0]
            state.told.append(("*" if isinstance(connection, ssl.SSLSocket) else "") + command)
            answer = state.answers.get(verb) or _OWN.get(verb, "250 fine")
            connection.sendall(f"{answer}\r\n".encode())
            if verb == "STARTTLS" and answer.startswith("220"):
                lines.close()
                connection = context.wrap_socket(connection, server_side=True)
                lines = connection.makefile("rb")
            elif verb == "DATA" and answer.startswith("354"):
                state.letters.append(b"".join(iter(lines.readline, b".\r\n")))
                connection.sendall(f"{state.answers.get('.', '250 taken')}\r\n".encode())
            elif verb == "QUIT":
                return
    finally:
        lines.close()
        connection.close()


_OWN = {
    "EHLO": "250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN",
    "STARTTLS": "220 go on",
    "AUTH": "235 welcome",
    "DATA": "354 end with a dot",
    "QUIT": "221 bye",
}


def plain(user: str, password: str) -> str:
    """Return what AUTH PLAIN says."""
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()
