"""No secret of any backend gets into an output, a log, a journal, a file of ours, or the arguments of a process.

For all schemes and prefixes that there are: by the real command line with a secret in the URL, and with secrets that
options and variables hold, against ports that nobody listens at.
"""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.backends.test_third_party import FAILING, installed
from tests.tui.cli.conftest import Ended, Yester, docs, yester  # noqa: F401 - fixtures are found by name

from yester.engine.errors import YesterError
from yester.plugins.backends.registry import PREFIXES, SCHEMES, open_store

SECRET = "hunter2-is-secret"
QUOTED = "hunter2%2Dis%2Dsecret"
NOWHERE = "127.0.0.1:1"

PREFIXED = [f"{prefix}+{inner}" for prefix in PREFIXES for inner in ("sftp", "file", "webdav")]
EVERY = [*SCHEMES, *PREFIXED, "fails", "none"]
WITH_SECRET = [
    f"me:{SECRET}@{NOWHERE}/path",
    f"me:{QUOTED}@{NOWHERE}/path",
    f"me:{SECRET}/with/slashes@{NOWHERE}/path",
    f"{NOWHERE}/path?password={SECRET}",
    f"{NOWHERE}/path?x=1&access_key={SECRET}",
]

TELLING = (("snap", "docs"), ("snap", "docs", "--json"), ("status",), ("runs", "--json"))

_started: list[str] = []
"""The arguments of all that this process started, while a test listens."""
_listening = False


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _listening and event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.spawn"):
        _started.append(repr(arguments[:2]))


sys.addaudithook(_hear)


@pytest.fixture
def started() -> Iterator[list[str]]:
    """Listen to what is started."""
    global _listening
    _started.clear()
    _listening = True
    yield _started
    _listening = False


@pytest.fixture
def nowhere(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait, and no machine be asked."""
    installed(FAILING.read_text(), "fails")
    for name in (*SCHEMES, *PREFIXES, "fails"):
        monkeypatch.setenv(f"YESTER_{name.partition('+')[0].upper()}_TRIES", "1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("YESTER_SSH_COMMAND", "false")


def holds(texts: list[str]) -> list[str]:
    return [text for text in texts if SECRET in text or QUOTED in text]


def kept(home: Path) -> list[str]:
    """Return the names and contents of all files of ours that hold the secret."""
    found = []
    for path in home.rglob("*"):
        if path.is_file():
            found += holds([str(path), path.read_bytes().decode("utf-8", "replace")])
    return found


def assert_hidden(home: Path, ended: Ended, started: list[str], caplog: pytest.LogCaptureFixture) -> None:
    assert holds([ended.out, ended.err]) == [], ended
    assert holds(started) == []
    assert holds([record.getMessage() for record in caplog.records]) == []
    assert kept(home) == []


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("scheme", EVERY)
def test_a_secret_in_a_url_is_refused_and_nowhere_afterwards(
    yester: Yester,  # noqa: F811
    docs: Path,  # noqa: F811
    home: Path,
    scheme: str,
    started: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    profile = home / ".config" / "yester" / "profiles" / "docs.toml"
    for rest in WITH_SECRET:
        url = f"{scheme}://{rest}"
        with pytest.raises(YesterError) as caught:
            open_store(url)
        assert holds([str(caught.value), caught.value.hint]) == []
        for words in (("init", url, "--no-encryption"), ("profile", "add", "docs", docs, "--repo", url)):
            ended = yester(*words)
            assert ended.code == 2, ended
            assert_hidden(home, ended, started, caplog)
        assert not profile.exists()


@pytest.mark.usefixtures("nowhere")
def test_one_that_a_person_wrote_into_a_profile_goes_no_further(
    yester: Yester,  # noqa: F811
    docs: Path,  # noqa: F811
    home: Path,
    started: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    yester("profile", "add", "docs", docs)
    profile = home / ".config" / "yester" / "profiles" / "docs.toml"
    good = profile.read_text()
    for scheme in EVERY:
        profile.write_text(f'repository = "{scheme}://{WITH_SECRET[0]}"\n{good}')
        ended = [
            yester(*words) for words in (("snap", "docs"), ("snap", "docs", "--json"), ("status",), ("runs", "--json"))
        ]
        profile.write_text(good)
        assert ended[0].code == 2
        for each in ended:
            assert_hidden(home, each, started, caplog)


SAID: dict[str, tuple[str, dict[str, str]]] = {
    "webdav": (f"webdav://me@{NOWHERE}/x", {"YESTER_WEBDAV_PASSWORD": SECRET}),
    "webdavs": (f"webdavs://{NOWHERE}/x", {"YESTER_WEBDAV_TOKEN": SECRET}),
    "s3": (f"s3+http://{NOWHERE}/bucket/x", {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": SECRET}),
    "gs": ("gs://bucket/x", {"YESTER_GS_ENDPOINT": f"http://{NOWHERE}", "YESTER_GS_TOKEN": SECRET}),
    "az": (
        "az://bucket/x",
        {"YESTER_AZ_ENDPOINT": f"http://{NOWHERE}", "YESTER_AZ_ACCOUNT": "me", "YESTER_AZ_SAS": f"sv=1&sig={SECRET}"},
    ),
    "duplicity": (f"duplicity+rsync://me@{NOWHERE}/x", {"BACKEND_PASSWORD": SECRET}),
    "fails": ("fails:///nowhere/at/all", {"YESTER_FAILS_TOKEN": SECRET}),
}
"""Backend → a URL at which nothing answers, and where its secret is said."""


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("name", SAID)
def test_a_secret_of_an_option_is_used_and_not_shown(
    yester: Yester,  # noqa: F811
    home: Path,
    name: str,
    started: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    url, said = SAID[name]
    for variable, value in said.items():
        monkeypatch.setenv(variable, value)
    for words in (("init", url, "--no-encryption"), ("list", "--repo", url), ("backend", "test", url)):
        ended = yester(*words)
        assert ended.code != 0, ended
        assert "Traceback" not in ended.err
        assert_hidden(home, ended, started, caplog)
