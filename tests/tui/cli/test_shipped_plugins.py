"""The plugins that come with yester, switched on and set as a person would, in runs of `yester snap`."""

import json
from pathlib import Path

import pytest
from tests.plugins.shipped.rig import closed_port, silent, web
from tests.tui.cli.conftest import SOURCE_ROOT, Yester

from yester.engine.places import Places
from yester.plugins.shipped import SHIPPED
from yester.plugins.worker import hosting

SECRET = "4711-secret"


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    monkeypatch.setattr(hosting, "GRACE_S", 0.3)
    assert yester("profile", "add", "docs", docs).code == 0
    return "docs"


def switch_on(yester: Yester, name: str, **options: str) -> None:
    path = Places.default().config / "plugins.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    said = "".join(f"{key} = {value}\n" for key, value in options.items())
    path.write_text(f'enabled = ["{name}"]\n[options.{name}]\n{said}')


def journals() -> str:
    return "".join(path.read_text() for path in (Places.default().state / "runs").iterdir())


def test_they_are_listed_and_off(yester: Yester, profile: str) -> None:
    listed = {each["name"]: each for each in json.loads(yester("plugin", "list", "--json").out)}
    assert {name: listed[name]["state"] for name in SHIPPED} == dict.fromkeys(SHIPPED, "off")
    tested = yester("plugin", "test", *SHIPPED)
    assert tested.code == 0, tested.out + tested.err


def test_figures(yester: Yester, profile: str, tmp_path: Path) -> None:
    switch_on(yester, "metrics", folder=f'"{tmp_path}"')
    assert yester("snap", "docs").code == 0
    text = (tmp_path / "yester.prom").read_text()
    assert 'yester_last_run_success{profile="docs"} 1\n' in text
    Places.default().data.rename(tmp_path / "gone")
    assert yester("snap", "docs").code != 0
    text = (tmp_path / "yester.prom").read_text()
    assert 'yester_last_run_success{profile="docs"} 0\n' in text
    assert 'yester_runs_total{profile="docs"} 2\n' in text


def test_a_check_is_told_and_its_address_is_nowhere(yester: Yester, profile: str, tmp_path: Path) -> None:
    with web(200, 500) as there:
        switch_on(yester, "healthcheck", url=f'"{there.url}/{SECRET}"', tries="1")
        ended = yester("snap", "docs")
    assert ended.code == 0
    assert [each.path.partition("?")[0] for each in there.asked] == [f"/{SECRET}/start", f"/{SECRET}/0"]
    assert "No ping was sent: 127.0.0.1 answered 500 Internal Server Error" in ended.err
    assert SECRET not in journals() + ended.err + ended.out + yester("messages").out


@pytest.mark.parametrize("server", ["closed", "silent"])
def test_a_run_goes_on_without_its_services(yester: Yester, profile: str, server: str) -> None:
    with silent() as port:
        url = f"http://127.0.0.1:{port if server == 'silent' else closed_port()}/{SECRET}"
        switch_on(yester, "webhook", url=f'"{url}"', timeout='"1s"', tries="1", events='["run.begin", "run.end"]')
        ended = yester("snap", "docs")
    assert ended.code == 0
    assert "The event run.begin was not delivered: 127.0.0.1" in ended.err
    assert SECRET not in journals() + ended.err


def test_options_that_make_no_sense_are_explained_and_the_run_goes_on(yester: Yester, profile: str) -> None:
    switch_on(yester, "webhook", url='"http://localhost"', events='["run.ends"]')
    ended = yester("snap", "docs")
    assert ended.code == 0
    assert "webhook cannot be loaded: there is no event run.ends to choose. Did you mean run.end" in ended.err
    assert "webhook.py" not in ended.err


def test_trying_out_what_does_not_work(yester: Yester, profile: str) -> None:
    switch_on(yester, "mail", to='["me@example.org"]', sendmail='"/nowhere/sendmail"')
    tried = yester("plugin", "run", "mail", "try")
    assert tried.code == 1
    assert tried.err == "yester: mail: there is no /nowhere/sendmail here, and no server is named\n"
