from pathlib import Path

import pytest

from yester.engine.capture.roots import Root, plan_roots
from yester.engine.errors import UsageError


def at(top: Root, path: Path) -> Root | None:
    node: Root | None = top
    for part in path.parts[1:]:
        node = node.children.get(part.encode()) if node else None
    return node


def plan(*sources: Path) -> tuple[Root, list[bytes]]:
    return plan_roots([str(source).encode() for source in sources])


def test_folders_above_are_no_sources(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    top, missing = plan(tmp_path / "a/b")
    node, above = at(top, tmp_path / "a/b"), at(top, tmp_path / "a")
    assert missing == []
    assert node is not None and node.whole
    assert above is not None and not above.whole and list(above.children) == [b"b"]


def test_missing_sources_are_returned(tmp_path: Path) -> None:
    assert plan(tmp_path / "none", tmp_path)[1] == [str(tmp_path / "none").encode()]


def test_the_root_can_be_a_source() -> None:
    assert plan(Path("/"))[0].whole


def test_links_that_go_round_are_said(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(UsageError, match="go round"):
        plan(tmp_path / "a" / "c")


def test_an_absolute_link_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "real/inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    top, missing = plan(tmp_path / "link/inner")
    link, inner, real = (at(top, tmp_path / name) for name in ("link", "real/inner", "real"))
    assert missing == []
    assert link is not None and link.whole and not link.children
    assert inner is not None and inner.whole
    assert real is not None and not real.whole


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be reached"):
        plan(tmp_path / "file/inner")
