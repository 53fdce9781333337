import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import Denied, Retry, UsageError
from yester.plugins.backends.sftp.address import Address, parse
from yester.plugins.backends.sftp.refusals import refusal
from yester.plugins.backends.sftp.ssh import command

HOST = Address("host", b"/srv/r")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("sftp://host/srv/r", HOST),
        ("SFTP://host//srv/./r/", HOST),
        ("sftp://me@host:2222/srv/r", Address("host", b"/srv/r", "me", 2222)),
        ("sftp://host/~/backup/a", Address("host", b"backup/a")),
        ("sftp://host/a%20b%23%ff", Address("host", b"/a b#\xff")),
        ("sftp://host/é", Address("host", "/é".encode())),
        ("sftp://u%23v@[fe80::1%eth0]:22/r", Address("fe80::1%eth0", b"/r", "u#v", 22)),
    ],
)
def test_urls(url: str, address: Address) -> None:
    assert parse(url) == address
    assert parse(str(address)) == address


@pytest.mark.parametrize(
    "url",
    [
        "sftp://",
        "sftp:///srv/r",
        "sftp://host",
        "sftp://host/",
        "sftp://host/~",
        "sftp://host/~/",
        "sftp://host/~other/r",
        "sftp://host/a%00b",
        "sftp://-oProxyCommand=x/srv",
        "sftp://-oProxyCommand=x@host/srv",
        "sftp://@host/srv",
        "sftp://a b@host/srv",
        "sftp://host name/srv",
        "sftp://host:/srv",
        "sftp://host:0/srv",
        "sftp://host:65536/srv",
        "sftp://host:ssh/srv",
        "sftp://[::1/srv",
    ],
)
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(url)
    assert "sftp://user@host" in caught.value.hint


@pytest.mark.parametrize("url", ["sftp://me:hunter2@host/r", "sftp://:hunter2@host/r", "sftp://me:hunter2@/r"])
def test_a_password_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(url)
    assert "hunter2" not in f"{caught.value}{caught.value.hint}"


@given(st.binary(min_size=1).filter(lambda path: b"\0" not in path))
def test_every_path_survives_its_url(path: bytes) -> None:
    parts = [part for part in path.split(b"/") if part not in (b"", b".") and not part.startswith(b"~")]
    if parts:
        address = Address("host", b"/" + b"/".join(parts))
        assert parse(str(address)) == address


def test_nothing_is_asked_without_a_person() -> None:
    words = command(Address("host", b"/r", "me", 22), ("ssh", "-F", "x"), asking=False)
    assert words[:3] == ["ssh", "-F", "x"]
    assert "-oBatchMode=yes" in words
    assert words[-9:] == ["-oBatchMode=yes", "-p", "22", "-l", "me", "-s", "--", "host", "sftp"]
    assert "-oBatchMode=yes" not in command(HOST, ("ssh",), asking=True)


def test_what_ssh_says_last_is_what_is_said() -> None:
    lost = refusal(HOST, b"banner\nssh: connect to host host port 22: No route to host\r\n")
    assert isinstance(lost, Retry)
    assert str(lost) == "The connection to host is lost: connect to host host port 22: No route to host"
    denied = refusal(HOST, b"me@host: Permission denied (publickey,password).\r\n")
    assert isinstance(denied, Denied)
    assert str(denied) == "host does not let you in: me@host: Permission denied (publickey,password)"
