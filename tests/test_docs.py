"""The documents hang together: links lead somewhere, and every page can be found."""

import re
from pathlib import Path

import pytest

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
