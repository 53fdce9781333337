"""Who may archive, restore, purge and delete, by the profile's [archive.roles]. Pure.

A guard against mistakes, such as a colleague who frees the wrong room: who can write to the repository can do all of
it by other means. Where the profile says nothing, the owner has every role but that of purging.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import RoleSpec

GROUP_SIGN = "@"


class Role(StrEnum):
    """What somebody may do with archives; each is a key of [archive.roles]."""

    ARCHIVE = "archive"
    """Hand packs over."""
    RESTORE = "restore"
    """Bring them back."""
    PURGE = "purge"
    """Take the online copy away once an archive has one."""
    DELETE = "delete"
    """Let an archive throw its copy away."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who runs this program."""

    name: str
    groups: Collection[str]
    is_owner: bool
    """Whether the profile is theirs, or they are root."""


def may(roles: RoleSpec, role: Role, person: Person) -> bool:
    """Whether a person has a role."""
    names: tuple[str, ...] | None = getattr(roles, role.value)
    if names is None:
        return person.is_owner
    held = {person.name, *(GROUP_SIGN + group for group in person.groups)}
    return not held.isdisjoint(names)


def check_role(roles: RoleSpec, role: Role, person: Person, profile: str) -> None:
    """UsageError, which says who has the role and how it is given, for a person who does not."""
    if may(roles, role, person):
        return
    names: tuple[str, ...] | None = getattr(roles, role.value)
    whose = "its owner" if names is None else ", ".join(names) or "nobody"
    raise UsageError(
        f"{person.name} may not {role.value} in the profile {profile}: the role has {whose}",
        hint=f'To give it: in [archive.roles] of the profile, {role.value} = ["{person.name}"]',
    )
