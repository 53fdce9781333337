"""What ssh's last words mean when it ends. Pure."""

import re
from dataclasses import dataclass

from yester.engine.errors import Broken, Denied, Retry, StoreError
from yester.plugins.backends.sftp.address import Address

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class _Meaning:
    """Words of ssh, and what is said then; with {host}, {known}, {hand} and {words}."""

    words: str
    error: type[StoreError]
    what: str
    hint: str


_MEANINGS = (
    _Meaning(
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        Denied,
        "The host key of {host} is not the one that known_hosts has",
        "Somebody may be between you and it. If the server was set up anew, compare its new key with the server's, "
        "then forget the old one with ssh-keygen -R '{known}' and accept the new one: {hand}",
    ),
    _Meaning(
        "Host key verification failed|host key is known for",
        Denied,
        "The host key of {host} is not known here",
        "Connect once by hand, compare the key with the server's, and accept it: {hand}",
    ),
    _Meaning(
        r"Permission denied \(|Too many authentication failures|No more authentication methods",
        Denied,
        "{host} does not let you in: {words}",
        "Without a terminal no password is asked for: let a key without passphrase, or one in the agent, open it. "
        "Try it by hand: {hand}",
    ),
    _Meaning(
        "subsystem request failed",
        Broken,
        "{host} offers no SFTP: {words}",
        "Its sshd_config needs a line with: Subsystem sftp internal-sftp",
    ),
    _Meaning(
        "Bad configuration option|Bad owner or permissions|terminating, .* bad configuration",
        Broken,
        "ssh refuses its configuration: {words}",
        "Mend it until this works: {hand}",
    ),
    _Meaning(
        "Could not resolve hostname",
        Retry,
        "The machine {host} is not found: {words}",
        "Check its name and this machine's network.",
    ),
)


def refusal(address: Address, said: bytes) -> StoreError:
    """Return why a connection ended, by what ssh has said; what says nothing for good may be tried again."""
    text = said.decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    words = lines[-1].removeprefix("ssh: ").rstrip(".")[:_LONGEST] if lines else "it ended without a word"
    filled = {"host": address.host, "known": address.known_as, "hand": address.by_hand, "words": words}
    for meaning in _MEANINGS:
        if re.search(meaning.words, text):
            return meaning.error(meaning.what.format(**filled), hint=meaning.hint.format(**filled))
    return Retry(
        f"The connection to {address.host} is lost: {words}",
        hint=f"Check the network and the server, then run the command again; by hand: {address.by_hand}",
    )
