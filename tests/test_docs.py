"""The documents hang together: links lead somewhere, and every page can be found."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import click
import pytest

from yester.tui.cli.program import program

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
MODULES = sorted(path for part in ("engine", "fs", "plugins", "tui", "tests") for path in (ROOT / part).rglob("*.py"))

CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MENTION = re.compile(r"\bdocs/[\w/-]+\.md")


def links(page: Path) -> list[str]:
    """Return where the links of a page lead; code is no link."""
    return LINK.findall(CODE.sub("", page.read_text()))


def anchors(page: Path) -> set[str]:
    """Return what a page's headings are called in links: lower case, words joined by dashes."""
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(page.read_text())]
    return {heading.strip().replace(" ", "-") for heading in plain}


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether a link leads out of the project, or to a file of it and a heading there."""
    if "://" in link or link.startswith("mailto:"):
        return True
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    return target.exists() and ROOT in (target, *target.parents) and (not anchor or anchor in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert [link for link in links(page) if not leads_somewhere(page, link)] == []


def test_the_readme_names_every_page() -> None:
    named = {(ROOT / link.partition("#")[0]).resolve() for link in links(ROOT / "README.md") if "://" not in link}
    lost = [page for page in (ROOT / "docs").rglob("*.md") if not named & {page, *page.parents[:-1]}]
    assert [str(page.relative_to(ROOT)) for page in lost] == []


def test_pages_that_the_code_speaks_of_exist() -> None:
    spoken_of = {(module, mention) for module in MODULES for mention in MENTION.findall(module.read_text())}
    assert sorted({f"{module}: {mention}" for module, mention in spoken_of if not (ROOT / mention).exists()}) == []


def command_lines(page: Path) -> Iterator[list[str]]:
    """Yield the words after `yester` of each command line in code, without what is another program's."""
    code = "\n".join(part.strip("`") for part in CODE.findall(page.read_text()))
    for line in re.findall(r"(?:^|(?<=[\s$(]))yester ([a-z][^|&;#)\n]*)", code, re.MULTILINE):
        yield line.partition(" -- ")[0].replace("…", " ").split()


def problem_of(words: list[str]) -> str:
    """Return what yester would not understand in a command line; empty when there is nothing."""
    command, rest = cast("click.Command", program), words
    while isinstance(command, click.Group) and (rest or command.name == "archive"):
        name = rest[0] if rest else ""
        if (below := command.get_command(click.Context(command), name)) is None:
            if command.name != "archive":
                return "" if command.invoke_without_command else f"no command {name}"
            below, rest = command.commands["put"], ["put", *rest]
        command, rest = below, rest[1:]
    known = {"--help", *(option for each in command.params for option in (*each.opts, *each.secondary_opts))}
    given = (word.partition("=")[0] for word in rest if word.startswith("--"))
    return next((f"no option {option}" for option in given if option not in known), "")


def test_command_lines_are_understood() -> None:
    shown = [(page.name, words) for page in PAGES if page.name != "format.md" for words in command_lines(page)]
    assert len(shown) > 200
    assert [(name, *words, why) for name, words in shown if (why := problem_of(words))] == []
