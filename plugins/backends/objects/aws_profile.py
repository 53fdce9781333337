"""What the AWS tools' files say of a profile. Pure.

https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

import configparser
from collections.abc import Mapping

from yester.engine.errors import UsageError

Section = Mapping[str, str]
DEFAULT = "default"


def profile_section(name: str, config: str, credentials: str) -> Section | None:
    """Return the settings of a profile from ~/.aws/config and ~/.aws/credentials; None when neither has it.

    What the credentials file says comes first. UsageError when one of the two cannot be read as what it is.
    """
    configured = _sections(config, "~/.aws/config")
    known = _sections(credentials, "~/.aws/credentials")
    found = [
        sections[title]
        for sections, title in ((configured, name if name == DEFAULT else f"profile {name}"), (known, name))
        if title in sections
    ]
    return {key: value for section in found for key, value in section.items()} if found else None


def endpoint_of(section: Section, config: str) -> str:
    """Return the server that a profile names for S3; empty when it names none."""
    services = section.get("services", "")
    nested = _sections(config, "~/.aws/config").get(f"services {services}", {}) if services else {}
    lines = (line.partition("=") for line in nested.get("s3", "").splitlines())
    of_s3 = {key.strip(): value.strip() for key, _, value in lines}
    return of_s3.get("endpoint_url") or section.get("endpoint_url", "")


def _sections(text: str, where: str) -> Mapping[str, Section]:
    parser = configparser.RawConfigParser(default_section="", strict=False, delimiters=("=",))
    try:
        parser.read_string(text)
    except configparser.Error as error:
        line = getattr(error, "lineno", 0)
        raise UsageError(
            f"{where} cannot be read{f', line {line}' if line else ''}", hint="aws configure writes it."
        ) from None
    return {" ".join(title.split()): dict(parser.items(title)) for title in parser.sections()}
