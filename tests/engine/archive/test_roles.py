"""Who may do what with archives."""

import grp
import os
import pwd
from pathlib import Path

import pytest

from yester.engine.archive.person import person_before
from yester.engine.archive.roles import Person, Role, check_role, may
from yester.engine.errors import UsageError
from yester.engine.profiles.profile import RoleSpec
from yester.engine.profiles.reading import parse_profile

OWNER, OTHER = Person("anna", {"users"}, True), Person("bert", {"backup", "users"}, False)
TEXT = f"""
id = "{"0" * 32}"
sources = ["/home"]
[archive]
staging_size = "1G"
[archive.roles]
"""


def test_without_a_word_the_owner_has_all_but_purge() -> None:
    roles = RoleSpec()
    assert [role for role in Role if may(roles, role, OWNER)] == [Role.ARCHIVE, Role.RESTORE, Role.DELETE]
    assert not any(may(roles, role, OTHER) for role in Role)


@pytest.mark.parametrize(
    ("names", "who"), [(("bert",), [OTHER]), (("@backup",), [OTHER]), (("@users",), [OWNER, OTHER]), ((), []),
                       (("backup", "@anna"), []), (("anna", "@backup"), [OWNER, OTHER])],
)  # fmt: skip
@pytest.mark.parametrize("role", Role)
def test_who_is_named_has_it_and_nobody_else(role: Role, names: tuple[str, ...], who: list[Person]) -> None:
    roles = RoleSpec(**{role.value: names})
    assert [person for person in (OWNER, OTHER) if may(roles, role, person)] == who


def test_a_refusal_says_who_has_it_and_how_it_is_given() -> None:
    check_role(RoleSpec(), Role.ARCHIVE, OWNER, "docs")
    for roles, role, person, what in (
        (RoleSpec(), Role.PURGE, OWNER, "anna may not purge in the profile docs: the role has nobody"),
        (RoleSpec(), Role.RESTORE, OTHER, "bert may not restore in the profile docs: the role has its owner"),
        (RoleSpec(delete=("eve", "@it")), Role.DELETE, OWNER, "the role has eve, @it"),
    ):
        with pytest.raises(UsageError, match=what) as problem:
            check_role(roles, role, person, "docs")
        assert problem.value.hint.endswith(f'in [archive.roles] of the profile, {role} = ["{person.name}"]')


def test_a_profile_says_it() -> None:
    profile = parse_profile("docs", TEXT + 'purge = ["anna", "@backup"]\narchive = []', "docs.toml")
    assert profile.archive.roles == RoleSpec(purge=("anna", "@backup"), archive=())
    assert profile.archive.staging_size == 1 << 30
    with pytest.raises(UsageError, match="line 7: there is no key purges"):
        parse_profile("docs", TEXT + "purges = []", "docs.toml")


def test_who_runs_this(tmp_path: Path) -> None:
    mine = tmp_path / "docs.toml"
    mine.write_text("")
    person = person_before(mine)
    assert person.name == pwd.getpwuid(os.geteuid()).pw_name and person.is_owner
    assert grp.getgrgid(os.getegid()).gr_name in person.groups
    assert person_before(tmp_path / "none.toml").is_owner


def test_whose_profile_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "docs.toml"
    mine.write_text("")
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    monkeypatch.setattr(os, "getgroups", lambda: [4_000_001])
    person = person_before(mine)
    assert (person.name, person.is_owner) == ("4000000", False)
    assert "4000001" in person.groups
