"""Passwords that were given to backends: no text that leaves the worker holds one."""

import os
import re

VARIABLES = ("BACKEND_PASSWORD", "FTP_PASSWORD")
"""Where a person may put a password; the first counts."""

_given: set[str] = set()
_IN_URL = re.compile(r"(://[^/\s:@'\"]*):[^/\s'\"]*@")
_SHORTEST = 3
"""Shorter ones would be found in everything."""


def remember(password: str | None) -> None:
    """Keep a password out of what is said from now on."""
    if password and len(password) >= _SHORTEST:
        _given.add(password)


def known() -> list[str]:
    """Return all passwords that there are, longest first."""
    every = {*_given, *filter(None, map(os.environ.get, VARIABLES))}
    return sorted((each for each in every if len(each) >= _SHORTEST), key=len, reverse=True)


def scrubbed(text: str) -> str:
    """Return a text without passwords, those in URLs as well."""
    for password in known():
        text = text.replace(password, "*****")
    return _IN_URL.sub(r"\1:*****@", text)
