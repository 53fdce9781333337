"""Whose requests to S3 these are: found where the AWS tools look, in their order, and renewed before it expires.

1. `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, unless a profile is named for this backend
2. the profile: keys, a `credential_process`; for roles and single sign-on the `aws` program, which knows them all
3. a role of the container or of the machine, for which the library asks

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from yester.engine.errors import RepositoryError
from yester.plugins.backends.objects.aws_profile import DEFAULT, Section, endpoint_of, profile_section
from yester.plugins.backends.objects.aws_signing import Keys

_PROCESS_S = 60
"""How long a credential process may take."""
_INDIRECT = ("role_arn", "sso_session", "sso_start_url", "login_session", "web_identity_token_file")
"""What says that a profile's keys have to be got from elsewhere."""
_OF_CONTAINERS = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


@dataclass(frozen=True, slots=True)
class Account:
    """What the person's AWS settings say."""

    region: str = ""
    endpoint: str = ""
    ca_file: str = ""
    keys: Callable[[], Keys] | None = None
    """Makes the keys, and each time newer ones; None where the library has to find a role."""


def account(profile: str, environment: Mapping[str, str]) -> Account:
    """Return the settings and keys to use; `profile`: the one that was named. RepositoryError, UsageError."""
    named = profile or environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE") or DEFAULT
    config = _file(environment.get("AWS_CONFIG_FILE", "~/.aws/config"))
    credentials = _file(environment.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
    section = profile_section(named, config, credentials)
    if section is None and named != DEFAULT:
        raise RepositoryError(
            f"There is no profile {named} in ~/.aws/config or ~/.aws/credentials",
            hint=f"Make it: aws configure --profile {named}",
        )
    section = section or {}
    in_environment = None if profile else _of_environment(environment)
    return Account(
        region=_first(environment, "AWS_REGION", "AWS_DEFAULT_REGION") or section.get("region", ""),
        endpoint=_first(environment, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") or endpoint_of(section, config),
        ca_file=_first(environment, "AWS_CA_BUNDLE") or section.get("ca_bundle", ""),
        keys=in_environment or _of_profile(named, section),
    )


def has_role(environment: Mapping[str, str]) -> bool:
    """Whether the environment says where a container's role is."""
    return any(environment.get(name) for name in _OF_CONTAINERS)


def _first(environment: Mapping[str, str], *names: str) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")


def _file(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(errors="replace")
    except OSError:
        return ""  # as with the AWS tools: a file that is not there, or not for us, says nothing


def _of_environment(environment: Mapping[str, str]) -> Callable[[], Keys] | None:
    access, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if not access or not secret:
        return None
    keys = Keys(access, secret, environment.get("AWS_SESSION_TOKEN", ""))
    return lambda: keys


def _of_profile(name: str, section: Section) -> Callable[[], Keys] | None:
    if any(key in section for key in _INDIRECT):
        return lambda: _of_process(
            ["aws", "configure", "export-credentials", "--profile", name, "--format", "process"], name
        )
    access, secret = section.get("aws_access_key_id"), section.get("aws_secret_access_key")
    if access and secret:
        keys = Keys(access, secret, section.get("aws_session_token", ""))
        return lambda: keys
    command = section.get("credential_process")
    return (lambda: _of_process(shlex.split(command), name)) if command else None


def _of_process(command: list[str], profile: str) -> Keys:
    """Return the keys that a program prints. RepositoryError."""
    hint = f"Try it by hand: {shlex.join(command)}"
    if shutil.which(os.path.expanduser(command[0])) is None:
        raise RepositoryError(
            f"The profile {profile} of AWS needs the program {command[0]}, which is not installed",
            hint="Install it, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PROCESS_S, stdin=subprocess.DEVNULL, check=True)
        found = json.loads(done.stdout)
        expires = found.get("Expiration")
        return Keys(
            found["AccessKeyId"],
            found["SecretAccessKey"],
            found.get("SessionToken") or "",
            datetime.fromisoformat(expires).astimezone(UTC) if expires else None,
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[-1][:200] if said else f"it ended with {error.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        why = "it takes too long" if isinstance(error, subprocess.TimeoutExpired) else str(error.strerror)
    except (ValueError, KeyError, TypeError, AttributeError):
        why = "what it prints is not what credential processes print"
    raise RepositoryError(f"The profile {profile} of AWS gives no credentials: {why}", hint=hint)
