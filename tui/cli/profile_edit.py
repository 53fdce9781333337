"""yester profile edit: change a profile, in an editor or by keys, and keep all else in its file."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote

import click

from yester.engine.errors import UsageError, YesterError
from yester.engine.places import Places
from yester.engine.profiles.changing import changed, parse_items, parse_removal, parse_setting
from yester.engine.profiles.editing import ProfileFile, editing
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import LARGEST_FILE, parse_profile, profile_mistakes
from yester.engine.profiles.reporting import differences
from yester.engine.schedule.installing import installed
from yester.engine.schedule.machine import Machine
from yester.tui.cli.asking import is_attended, wants_to_go_on
from yester.tui.cli.failures import complain
from yester.tui.cli.wording import one_line

_USUAL_EDITORS = ("sensible-editor", "editor", "nano", "vi")
"""Tried in this order where neither VISUAL nor EDITOR says which."""

_KNOWS_LINES = frozenset(
    {
        *("vi", "vim", "nvim", "gvim", "nano", "pico", "mcedit", "micro", "kak"),
        *("emacs", "emacsclient", "mg", "jed", "joe", "ne"),
    }
)
"""Editors that are told by `+N` before a file at which line to begin."""
_LINE = re.compile(r"\bline ([0-9]+)")

_NOT_SET = "-"


@click.command("edit", short_help="Change a profile, in an editor or by keys.")
@click.argument("name")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="Set a key, such as schedule.when=daily.")
@click.option("--add", "additions", metavar="KEY=ITEM", multiple=True, help="Add to a list: filters.exclude=*.o.")
@click.option("--drop", "drops", metavar="KEY=ITEM", multiple=True, help="Take out of a list.")
@click.option("--unset", "removals", metavar="KEY", multiple=True, help="Let a key have its default again.")
def command(
    name: str,
    settings: tuple[str, ...],
    additions: tuple[str, ...],
    drops: tuple[str, ...],
    removals: tuple[str, ...],
) -> None:
    """Change the profile NAME.

    Without an option, $VISUAL or $EDITOR opens a copy of its file; it counts once it is in order. A key is written
    with its table, a list as TOML writes it: --set filters.exclude='["*.o", "*.tmp"]'. All keys: yester profile keys.
    """
    changes = [*map(parse_setting, settings), *map(parse_removal, removals)]
    changes += [parse_items(text, "drop") for text in drops] + [parse_items(text, "add") for text in additions]
    with editing(Places.default().config / "profiles", name) as file:
        text = changed(file.text, changes) if changes else _in_editor(file)
        if text == file.text:
            click.echo(f"profile {name}: nothing changed")
            return
        profile = parse_profile(name, text, "with these changes")
        for problem in pattern_problems(profile):
            raise problem
        before = _understood(file)
        file.replace(text)
    click.echo(f"profile {name} changed: {one_line(str(file.path))}")
    if before is not None:
        _say_differences(before, profile)


def _understood(file: ProfileFile) -> Profile | None:
    """Return what the file said before; None when it could not be understood."""
    try:
        return parse_profile(file.name, file.text, str(file.path))
    except UsageError:
        return None


def _say_differences(before: Profile, after: Profile) -> None:
    for path, old, new in differences(before, after):
        click.echo(one_line(f"  {path}: {old or _NOT_SET} → {new or _NOT_SET}"))
    if before.id != after.id:
        complain(
            "The id is another: snapshots from now on are a series of their own, and the first one reads every file",
            f"To go on with the old series: yester profile edit {quote(after.name)} --set id={before.id.hex()}",
        )
    if before.schedule != after.schedule:
        _say_schedule(after)


def _say_schedule(profile: Profile) -> None:
    """Say what is to be done before the machine knows of the new schedule."""
    there = installed(profile, Machine.this(Places.default()))
    if profile.schedule.when == "off" and there:
        click.echo(f"{there.how} still starts its runs; to stop that: yester schedule disable {quote(profile.name)}")
    elif profile.schedule.when != "off" and not (there and there.matches and there.enabled):
        click.echo(f"nothing starts its runs at these times yet: yester schedule enable {quote(profile.name)}")


# In an editor


def _in_editor(file: ProfileFile) -> str:
    """Return what a person made of the text, in order; YesterError when they gave up, and what they wrote is kept."""
    words = _editor(os.environ)
    folder = Path(tempfile.mkdtemp(prefix="yester-"))
    copy = folder / f"{file.name}.toml"
    copy.write_text(file.text, "utf-8")
    try:
        text = _edited(words, file, copy)
    except BaseException:
        if _kept(copy) not in (file.text, None):
            complain(f"What you wrote is kept: {copy}")
            raise
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return text


def _edited(words: Sequence[str], file: ProfileFile, copy: Path) -> str:
    mistakes = _mistakes(file.name, file.text, str(copy))
    while True:
        _run_editor([*words, *_at_line(words, mistakes)], copy)
        text = _kept(copy)
        if text is None:
            mistakes = [UsageError(f"{copy} is no text any more, or is gone")]
        else:
            mistakes = [] if text == file.text else _mistakes(file.name, text, str(copy))
        if text is not None and not mistakes:
            return text
        for mistake in mistakes:
            complain(mistake.what, mistake.hint)
        if not is_attended() or not wants_to_go_on("Edit it again?"):
            raise UsageError(f"Profile {file.name} was not changed", hint="Mend what is named above, and try again.")


def _at_line(words: Sequence[str], mistakes: Sequence[UsageError]) -> list[str]:
    """Return what lets an editor begin where the first mistake is, where it is known how that is said."""
    line = _LINE.search(mistakes[0].what) if mistakes else None
    # Names such as `editor` lead to one of them, and that to such as vim.basic.
    program = os.path.basename(os.path.realpath(shutil.which(words[0]) or words[0])).partition(".")[0]
    return [f"+{line[1]}"] if line and program in _KNOWS_LINES else []


def _mistakes(name: str, text: str, place: str) -> list[UsageError]:
    return profile_mistakes(name, text, place) or pattern_problems(parse_profile(name, text, place))


def pattern_problems(profile: Profile) -> list[UsageError]:
    """Return what is wrong with the patterns that a profile leaves things out by, and with the files of such."""
    from yester.engine.capture.filters import Filter, read_pattern_file  # pathspec takes long to load

    found = []
    for path in profile.filters.exclude_files:
        try:
            read_pattern_file(path)
        except UsageError as problem:
            found.append(problem)
    if not found:
        try:
            Filter(profile.filters)
        except UsageError as problem:
            found.append(problem)
    return found


def _kept(copy: Path) -> str | None:
    """Return what the copy says; None when it is gone, or no text."""
    try:
        with open(copy, "rb") as file:
            return file.read(LARGEST_FILE).decode()
    except (OSError, UnicodeDecodeError):
        return None


def _editor(environment: Mapping[str, str]) -> list[str]:
    """Return the words of the command that edits; UsageError when there is none."""
    asked = environment.get("VISUAL") or environment.get("EDITOR")
    hint = "Set EDITOR to a program, or change single keys: yester profile edit NAME --set KEY=VALUE"
    if asked:
        try:
            words = shlex.split(asked)
        except ValueError as problem:
            raise UsageError(f"The editor {asked} cannot be run: {problem}", hint=hint) from None
        if words:
            return words
    usual = next(filter(None, map(shutil.which, _USUAL_EDITORS)), None) if is_attended() else None
    if usual is None:
        raise UsageError("No editor is named, and nobody is there to use one", hint=hint)
    return [usual]


def _run_editor(words: Sequence[str], copy: Path) -> None:
    try:
        done = subprocess.run([*words, str(copy)], check=False)
    except OSError as problem:
        raise UsageError(
            f"The editor {words[0]} cannot be run: {problem.strerror}", hint="Set EDITOR to a program that is there."
        ) from None
    if done.returncode != 0:
        raise YesterError(f"The editor {words[0]} ended with status {done.returncode}; nothing was changed")
