"""What is meant by texts of the library that no server of the tests makes it say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import Denied, Retry, StoreError
from yester.plugins.backends.objects.meanings import failure_of

AZURE_LATE = """Error performing GET REDACTED in 2ms - Server returned non-2xx status code: 403 Forbidden:
<Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate.\nRequestId:6e\nTime:2026</Message>
<AuthenticationErrorDetail>Signature not valid in the specified time frame: Start [a]</AuthenticationErrorDetail>
</Error>"""
AZURE_KEY = AZURE_LATE.replace("Signature not valid in the specified time frame", "The MAC signature found")
AZURE_NONE = """Error performing token request: Error performing GET http://169.254.169.254/metadata/identity/oauth2/token
in 1ms - Server returned non-2xx status code: 403 Forbidden: no"""
AZURE_CLI = "Generic MicrosoftAzure error: 'az account get-access-token' command failed: Please run az login"
GOOGLE_NONE = AZURE_NONE.replace("/metadata/identity/oauth2/token", "/computeMetadata/v1/instance")
GOOGLE_OVER = """Error performing token request: Error performing POST https://oauth2.googleapis.com/token in 1ms -
Server returned non-2xx status code: 400 Bad Request: {"error": "invalid_grant"}"""
AWS_OVER = """Error performing POST https://sts.amazonaws.com/?Action=AssumeRoleWithWebIdentity in 1ms -
Server returned non-2xx status code: 400 Bad Request: <Code>ExpiredTokenException</Code>"""


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (AZURE_LATE, Denied, "the credentials have expired"),
        (AZURE_KEY, Denied, "it does not accept these credentials"),
        (AZURE_NONE, Denied, "there are no credentials"),
        (AZURE_CLI, Denied, "az gives no token"),
        (GOOGLE_NONE, Denied, "there are no credentials"),
        (GOOGLE_OVER, Denied, "the credentials are not accepted where they are exchanged"),
        (AWS_OVER, Denied, "the credentials are not accepted where they are exchanged"),
        ("whatever", Retry, "the connection was lost"),
    ],
)
def test_means(text: str, error: type[StoreError], words: str) -> None:
    meaning = failure_of(text).meaning
    assert (meaning.error, meaning.words) == (error, words)
    assert meaning.hint


@given(st.text(), st.integers(100, 599), st.text(), st.text())
def test_anything_means_something_that_can_be_shown(text: str, status: int, code: str, message: str) -> None:
    said = f"{text} Server returned non-2xx status code: {status} <Code>{code}</Code><Message>{message}</Message>"
    found = failure_of(said)
    assert issubclass(found.meaning.error, StoreError)
    assert found.meaning.words.isprintable()
    assert len(found.meaning.words) <= 200
