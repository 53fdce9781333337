"""A real Apache with mod_dav for tests: on ports of loopback, with a folder, logins and certificates of its own."""

import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from pathlib import Path

import pytest
from tests.certificates import make_certificates

PROGRAM = "/usr/sbin/apache2"
MODULES = "/usr/lib/apache2/modules"
USER, PASSWORD, TOKEN = "ada", "p:ss word", "token-of-ada"

_LOADED = (
    *("mpm_event", "authz_core", "authz_user", "authn_core", "authn_file", "auth_basic", "auth_digest"),
    *("dav", "dav_fs", "ssl", "socache_shmcb", "setenvif", "alias", "rewrite", "dir", "autoindex"),
)

_CONFIG = """
{modules}
ServerRoot {folder}
ServerName 127.0.0.1
PidFile {folder}/pid
DefaultRuntimeDir {folder}
ErrorLog {folder}/log
LogLevel warn
{user}
Listen 127.0.0.1:{ports[0]}
Listen 127.0.0.1:{ports[1]}
DocumentRoot {folder}/htdocs
DAVLockDB {folder}/locks
ServerLimit 2
MaxRequestWorkers 50
KeepAliveTimeout 30
SSLSessionCache none
Redirect 307 /moved /plain
<Directory {folder}>
  Require all denied
</Directory>
<Directory {folder}/htdocs>
  Options None
  AllowOverride None
  Require all granted
  DAV On
  DirectoryIndex disabled
  DirectorySlash Off
</Directory>
<Directory {folder}/htdocs/shown>
  Options Indexes
  DirectorySlash On
</Directory>
<Location /basic>
  AuthType Basic
  AuthName basic
  AuthUserFile {folder}/basic
  Require user {name}
</Location>
<Location /digest>
  AuthType Digest
  AuthName digest
  AuthUserFile {folder}/digest
  Require user {name}
</Location>
<Location /token>
  <RequireAny>
    Require expr "req('Authorization') == 'Bearer {token}'"
  </RequireAny>
</Location>
<Location /small>
  LimitRequestBody 100000
</Location>
Alias /static {folder}/static
<Directory {folder}/static>
  Require all granted
</Directory>
<VirtualHost 127.0.0.1:{ports[1]}>
  SSLEngine on
  SSLCertificateFile {folder}/server.pem
  SSLCACertificateFile {folder}/authority.pem
  <Location /cert>
    SSLVerifyClient require
  </Location>
</VirtualHost>
"""


class Apache:
    """A server that is running."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.top = folder, folder / "htdocs"
        for place in ("plain", "basic", "digest", "token", "small", "cert", "shown"):
            (self.top / place).mkdir(parents=True)
        (folder / "static").mkdir()
        # The password is a shared secret of this test alone.
        (folder / "basic").write_text(f"{USER}:{{SHA}}{_sha1(PASSWORD)}\n")
        (folder / "digest").write_text(f"{USER}:digest:{md5(f'{USER}:digest:{PASSWORD}'.encode()).hexdigest()}\n")
        make_certificates(folder)
        self._as_other_user()
        self.start()

    def url(self, path: str, *, user: str = "") -> str:
        """Return the URL of a folder."""
        return f"webdav://{f'{user}@' if user else ''}127.0.0.1:{self.ports[0]}/{path}"

    def secure_url(self, path: str) -> str:
        """Return the URL of a folder over TLS."""
        return f"webdavs://localhost:{self.ports[1]}/{path}"

    def start(self) -> None:
        """Start it, and wait until it listens; elsewhere, when somebody was faster at taking a port that was free."""
        for _ in range(10):
            self._choose_ports()
            command = [PROGRAM, "-d", str(self.folder), "-f", str(self.folder / "config"), "-DFOREGROUND"]
            # A run of the tests that is killed leaves no server behind.
            watched = ["setpriv", "--pdeathsig", "TERM", *command]
            self._process = subprocess.Popen(watched, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if self._listens():
                return
        pytest.fail(f"apache2 does not start: {self._words}", pytrace=False)

    def stop(self) -> None:
        """End it and its connections."""
        self._process.terminate()
        self._process.communicate()

    def _choose_ports(self) -> None:
        with socket.socket() as one, socket.socket() as other:
            for probe in (one, other):
                probe.bind(("127.0.0.1", 0))
            self.ports = (int(one.getsockname()[1]), int(other.getsockname()[1]))
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in _LOADED)
        user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
        text = _CONFIG.format(modules=modules, folder=self.folder, ports=self.ports, user=user, name=USER, token=TOKEN)
        (self.folder / "config").write_text(text)

    def _listens(self) -> bool:
        while self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.ports[1])).close()
            except ConnectionRefusedError:
                continue
            return True
        self._words = self._process.communicate()[1].decode()
        return False

    def _as_other_user(self) -> None:
        """Apache serves as another user than root."""
        if os.geteuid() == 0:
            owner = pwd.getpwnam("www-data")
            for path in (self.folder, *self.top.rglob("*"), self.top):
                os.chown(path, owner.pw_uid, owner.pw_gid)


def _sha1(text: str) -> str:
    from base64 import b64encode
    from hashlib import sha1

    return b64encode(sha1(text.encode()).digest()).decode()


@contextmanager
def running(folder: Path) -> Iterator[Apache]:
    """Run a server in an empty folder that another user may enter; a failure where there is none to run."""
    if not Path(PROGRAM).exists():
        pytest.fail("apache2-bin is not installed: run `make test-servers`", pytrace=False)
    server = Apache(folder)
    try:
        yield server
    finally:
        server.stop()
