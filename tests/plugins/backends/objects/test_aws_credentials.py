"""Keys, found where the AWS tools look, in their order."""

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.certificates import make_certificates
from tests.living import wait_for
from tests.moto_server import Moto
from tests.plugins.backends.objects.front import Answer, Request, running

from yester.engine.errors import Denied, RepositoryError, UsageError
from yester.plugins.backends.objects.aws_credentials import account
from yester.plugins.backends.objects.aws_profile import profile_section
from yester.plugins.backends.objects.aws_signing import Keys
from yester.plugins.backends.registry import open_store

ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "env", "AWS_SECRET_ACCESS_KEY": "env-secret", "AWS_SESSION_TOKEN": "env-token"}
CREDENTIALS = """
[default]
aws_access_key_id = first
aws_secret_access_key=first-secret
[nas]
aws_access_key_id = second
aws_secret_access_key = second/secret+=
aws_session_token = second-token
"""
CONFIG = """
# made by hand
[default]
region = eu-west-1
[profile nas]
region = nas-1
endpoint_url = https://nas.example:9000
ca_bundle = /etc/ssl/nas.pem
aws_access_key_id = older
[profile process]
credential_process = {python} {script} 'a b'
[profile served]
services = mine
[services mine]
s3 =
  endpoint_url = https://s3.example
  addressing_style = path
ec2 =
  endpoint_url = https://ec2.example
[profile role]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = default
"""
PROCESS = """
import sys, json
assert sys.argv[1] == "a b"
print(json.dumps({"Version": 1, "AccessKeyId": "made", "SecretAccessKey": "made-secret", "SessionToken": "made-token",
                  "Expiration": "2030-01-02T03:04:05Z"}))
"""


@pytest.fixture
def aws(home: Path) -> Path:
    """The folder of the AWS tools."""
    folder = home / ".aws"
    folder.mkdir()
    (folder / "process.py").write_text(PROCESS)
    (folder / "config").write_text(CONFIG.format(python=sys.executable, script=folder / "process.py"))
    (folder / "credentials").write_text(CREDENTIALS)
    return folder


def keys(profile: str, environment: Mapping[str, str]) -> Keys:
    made = account(profile, environment).keys
    assert made is not None
    return made()


def test_the_environment_comes_first_but_for_a_named_profile(aws: Path) -> None:
    assert keys("", ENVIRONMENT) == Keys("env", "env-secret", "env-token")
    assert keys("", {**ENVIRONMENT, "AWS_PROFILE": "nas"}).access == "env"
    assert keys("nas", ENVIRONMENT) == Keys("second", "second/secret+=", "second-token")
    assert keys("", {"AWS_PROFILE": "nas"}).access == "second"
    assert keys("", {}) == Keys("first", "first-secret")


def test_half_a_pair_is_none(aws: Path) -> None:
    assert keys("", {"AWS_ACCESS_KEY_ID": "env"}).access == "first"


def test_settings_come_along(aws: Path) -> None:
    assert account("", {}).region == "eu-west-1"
    nas = account("nas", {})
    assert (nas.region, nas.endpoint, nas.ca_file) == ("nas-1", "https://nas.example:9000", "/etc/ssl/nas.pem")
    assert account("served", {}).endpoint == "https://s3.example"
    said = {
        "AWS_REGION": "r",
        "AWS_ENDPOINT_URL_S3": "https://a",
        "AWS_ENDPOINT_URL": "https://b",
        "AWS_CA_BUNDLE": "c",
    }
    assert (account("nas", said).region, account("nas", said).endpoint, account("nas", said).ca_file) == (
        "r",
        "https://a",
        "c",
    )


def test_a_process_makes_keys(aws: Path) -> None:
    assert keys("process", {}) == Keys("made", "made-secret", "made-token", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("import sys; sys.exit('not\\nlogged in')", "logged in"),
        ("import sys; sys.exit(3)", "ended with 3"),
        ("print('no json')", "not what credential processes print"),
        ("print('{}')", "not what credential processes print"),
        ("print('[]')", "not what credential processes print"),
    ],
)
def test_a_process_that_makes_none_says_why(aws: Path, script: str, why: str) -> None:
    (aws / "process.py").write_text(script)
    with pytest.raises(RepositoryError, match="profile process of AWS gives no credentials") as caught:
        keys("process", {})
    assert why in caught.value.what
    assert str(aws / "process.py") in caught.value.hint


def test_a_role_is_the_aws_programs_business(aws: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryError, match="needs the program aws"):
        keys("role", {})
    program = tmp_path / "aws"
    program.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "assert sys.argv[1:] == ['configure', 'export-credentials', '--profile', 'role', '--format', 'process']\n"
        'print(\'{"Version": 1, "AccessKeyId": "assumed", "SecretAccessKey": "s"}\')\n'
    )
    program.chmod(0o755)
    assert keys("role", {}) == Keys("assumed", "s")


def test_a_profile_that_is_not_there_is_said(aws: Path) -> None:
    for profile, environment in (("nsa", {}), ("", {"AWS_PROFILE": "nsa"})):
        with pytest.raises(RepositoryError, match="no profile nsa") as caught:
            account(profile, environment)
        assert caught.value.hint == "Make it: aws configure --profile nsa"


def test_files_of_other_places_and_none(home: Path, tmp_path: Path) -> None:
    assert account("", {}).keys is None
    (tmp_path / "c").write_text("[default]\naws_access_key_id=a\naws_secret_access_key=b\n")
    assert keys("", {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "c")}) == Keys("a", "b")


@pytest.mark.parametrize("text", ["no section\n", "[default\nx=1", "[a]\nb\n"])
def test_a_file_that_is_none_is_said(text: str) -> None:
    with pytest.raises(UsageError, match=r"~/\.aws/config cannot be read"):
        profile_section("default", text, "")


def test_keys_are_renewed_when_they_expire(
    aws: Path, moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library asks again for what is about to expire, and signs with what it is told then."""
    count = tmp_path / "count"
    count.write_text("0")
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    (aws / "process.py").write_text(
        f"import json, pathlib\ncount = pathlib.Path({os.fspath(count)!r})\nnumber = int(count.read_text()) + 1\n"
        "count.write_text(str(number))\n"
        'print(json.dumps({"Version": 1, "AccessKeyId": f"key{number}", "SecretAccessKey": "s", '
        f'"Expiration": {soon!r}}}))\n'
    )
    monkeypatch.setenv("AWS_PROFILE", "process")
    seen = set()

    def look(request: Request) -> Answer | None:
        seen.add(request.headers["authorization"].partition("Credential=")[2].partition("/")[0])
        return None

    with running(moto.port) as front:
        front.rules.append(look)
        store = open_store(f"s3+http://127.0.0.1:{front.port}/{moto.bucket()}", create=True)
        store.put("snap.1", [b"x"])
        # The library asks at most so often, whatever expires.
        wait_for(lambda: store.get("snap.1") and len(seen) >= 3)


def test_a_login_that_is_over_ends_the_run_with_words(aws: Path, moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "process")
    (aws / "process.py").write_text(PROCESS.replace("2030", "2020"))
    store = open_store(f"s3+http://127.0.0.1:{moto.port}/{moto.bucket()}", create=True)
    (aws / "process.py").write_text("raise SystemExit('log in')")
    with pytest.raises(Denied, match="the credentials could not be renewed") as caught:
        store.put("snap.1", [b"x"])
    assert "Log in again" in caught.value.hint


# Roles, which the library finds


MADE = {"AccessKeyId": "rolekey", "SecretAccessKey": "s", "Token": "t", "Expiration": "2035-01-02T03:04:05Z"}
ASSUMED = """<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>rolekey</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2035-01-02T03:04:05Z</Expiration></Credentials>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""


def answer_for_keys(request: Request) -> Answer:
    """Answer as who knows a role's keys: for containers, for workloads that show a token, for machines."""
    if "WebIdentityToken=shown" in request.path + request.body.decode():
        return Answer(200, ASSUMED.encode())
    if request.path.endswith("/latest/api/token"):
        return Answer(200, b"token")
    if request.path.endswith("/security-credentials/"):
        return Answer(200, b"role")
    if request.path.startswith("/keys") or request.path.endswith("/role"):
        return Answer(200, json.dumps({"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "x", **MADE}).encode())
    return Answer(404)


def ways(place: str, folder: Path) -> dict[str, dict[str, str]]:
    """Return what the environment says in each way."""
    (folder / "token").write_text("shown")
    return {
        "pod": {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{place}/keys",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(folder / "token"),
        },
        "web identity": {
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(folder / "token"),
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x",
            "AWS_ENDPOINT_URL_STS": place,
            "AWS_CA_BUNDLE": str(folder / "authority.pem"),
        },
        "machine": {"AWS_METADATA_ENDPOINT": place},
    }


@pytest.mark.parametrize("way", ["pod", "web identity", "machine"])
def test_a_role_is_found(home: Path, moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    make_certificates(tmp_path)
    # A web identity is shown by TLS alone.
    certificate, scheme = (tmp_path / "server.pem", "https") if way == "web identity" else (None, "http")
    with running(0, answer_for_keys, certificate) as knowing, running(moto.port) as front:
        for name, value in ways(f"{scheme}://127.0.0.1:{knowing.port}", tmp_path)[way].items():
            monkeypatch.setenv(name, value)
        open_store(f"s3+http://127.0.0.1:{front.port}/{moto.bucket()}", create=True)
        assert "Credential=rolekey/" in front.asked[0].headers["authorization"]
        assert front.asked[0].headers["x-amz-security-token"] == "t"


def test_a_machine_without_a_role_is_told_what_to_set(home: Path, moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(0, lambda _: Answer(404)) as knowing:
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://127.0.0.1:{knowing.port}")
        with pytest.raises(RepositoryError, match="there are no credentials") as caught:
            open_store(f"s3+http://127.0.0.1:{moto.port}/{moto.bucket()}", create=True)
    assert caught.value.hint.startswith("Set AWS_ACCESS_KEY_ID")
