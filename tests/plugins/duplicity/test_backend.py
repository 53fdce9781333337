"""Registry, base class and wrapper of the stand-in (contract, sections 2.1 to 2.3)."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.duplicity.conftest import Import


class Flaky:
    """A backend that fails as it is told, and counts."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = [*failures]
        self.calls: list[str] = []
        self.deleted: list[list[bytes]] = []

    def _fail(self, what: str) -> None:
        self.calls.append(what)
        if self.failures:
            raise self.failures.pop(0)

    def _put(self, source: Any, name: bytes) -> None:
        self._fail("put")

    def _get(self, name: bytes, target: Any) -> None:
        self._fail("get")
        Path(os.fsdecode(target.name)).write_bytes(name)

    def _list(self) -> list[Any]:
        self._fail("list")
        return ["text", b"bytes", "\udce4"]

    def _delete_list(self, names: list[bytes]) -> None:
        self._fail("delete")
        self.deleted.append([*names])
        names.clear()

    def _query(self, name: bytes) -> dict[str, Any]:
        self._fail("query")
        return {"size": 7}

    def _retry_cleanup(self) -> None:
        self.calls.append("cleanup")


@pytest.fixture
def backend(duplicity: Import) -> Any:
    return duplicity("duplicity.backend")


@pytest.fixture
def errors(duplicity: Import) -> Any:
    return duplicity("duplicity.errors")


# Registry


def test_opens_by_scheme_and_prefix(backend: Any) -> None:
    backend.register_backend("one", lambda url: ("one", url.url_string))
    backend.register_backend_prefix("pre", lambda url: ("pre", url.url_string))
    assert backend.get_backend_object("one:///x") == ("one", "one:///x")
    assert backend.get_backend_object("pre+one:///x") == ("pre", "one:///x")
    assert backend.get_backend_object("/a/path") is None
    assert backend.get_backend("/a/path") is None
    assert backend.get_backend("one:///x").backend == ("one", "one:///x")
    assert backend.is_backend_url("one:///x")
    assert not backend.is_backend_url("/a/path")


def test_says_what_it_cannot_open(backend: Any, errors: Any) -> None:
    def needs(url: Any) -> None:
        raise ImportError("No module named 'there'")

    backend.register_backend("needs", needs)
    with pytest.raises(errors.UnsupportedBackendScheme) as caught:
        backend.get_backend_object("nope:///x")
    assert caught.value.url == "nope:///x"
    with pytest.raises(errors.BackendException, match=r"Could not initialize backend: No module named 'there'"):
        backend.get_backend_object("needs:///x")


def test_one_scheme_has_one_backend(backend: Any, errors: Any) -> None:
    for register in (backend.register_backend, backend.register_backend_prefix):
        register("one", lambda url: None)
        with pytest.raises(errors.ConflictingScheme):
            register("one", lambda url: None)
        with pytest.raises(TypeError):
            register("two", "not callable")


def test_a_file_that_cannot_be_imported_is_left_out(backend: Any, tmp_path: Path) -> None:
    files = tmp_path / "files"
    (files / "goodbackend.py").write_text(
        "import duplicity.backend\nduplicity.backend.register_backend('good', lambda url: url.path)\n"
    )
    (files / "_testbackend.py").write_text("import no_such_module\n")
    (files / "exitingbackend.py").write_text("import sys\nsys.exit(3)\n")
    (files / "_part.py").write_text("raise AssertionError\n")
    backend.import_backends()
    assert backend.get_backend_object("good:///x") == "///x"
    assert backend.skipped == {
        "_testbackend.py": "ModuleNotFoundError: No module named 'no_such_module'",
        "exitingbackend.py": "SystemExit: 3",
    }


def test_names_of_every_age_are_there(duplicity: Import) -> None:
    assert duplicity("duplicity.globals") is duplicity("duplicity.config")
    config = duplicity("duplicity.config")
    assert (config.num_retries, config.timeout, config.volsize) == (2, 30, 200 << 20)
    assert duplicity("duplicity.util").fsdecode(b"x") == "x"
    assert duplicity("duplicity.log").ErrorCode.backend_not_found == 52
    assert duplicity("duplicity").__version__
    assert _("text") == "text"  # type: ignore[name-defined]  # noqa: F821
    assert ngettext("one", "many", 2) == "many"  # type: ignore[name-defined]  # noqa: F821
    for name in ("filechunkio", "file_naming", "progress", "tempdir", "errors", "path"):
        assert duplicity(f"duplicity.{name}")


# Attempts


def test_tries_again_and_cleans_up_between(backend: Any, errors: Any, tmp_path: Path) -> None:
    flaky = Flaky(errors.BackendException("once"))
    backend.BackendWrapper(flaky).put(backend.path.Path(str(tmp_path / "x")), b"x")
    assert flaky.calls == ["put", "cleanup", "put"]


@pytest.mark.parametrize(
    ("failure", "code", "calls"),
    [
        (OSError(28, "full"), 53, 2),
        (OSError(13, "denied"), 51, 2),
        (FileNotFoundError(2, "gone"), 52, 1),
        (ValueError("odd"), 50, 2),
    ],
)
def test_the_last_failure_is_raised_with_its_code(
    backend: Any, errors: Any, failure: Exception, code: int, calls: int
) -> None:
    flaky = Flaky(failure, failure)
    with pytest.raises(errors.BackendException) as caught:
        backend.BackendWrapper(flaky).list()
    assert caught.value.code == code
    assert flaky.calls.count("list") == calls


def test_what_is_fatal_is_not_tried_again(backend: Any, errors: Any) -> None:
    flaky = Flaky(errors.FatalBackendException("for good"))
    with pytest.raises(errors.FatalBackendException):
        backend.BackendWrapper(flaky).list()
    assert flaky.calls == ["list"]


def test_it_ended_the_program_before_3_2(backend: Any, duplicity: Import) -> None:
    duplicity("duplicity.config").fatal_errors_exit = True
    with pytest.raises(SystemExit) as caught:
        backend.BackendWrapper(Flaky(OSError(28, "full"), OSError(28, "full"))).list()
    assert caught.value.code == 53


def test_an_error_that_counts_for_nothing_gives_its_default(backend: Any, duplicity: Import) -> None:
    duplicity("duplicity.config").are_errors_fatal["list"] = (False, [])
    failure = OSError(28, "full")
    flaky = Flaky(failure)
    assert backend.BackendWrapper(flaky).list() == []
    assert flaky.calls == ["list"]
    assert backend._last_exception is failure


def test_overload_waits_thrice_as_long(backend: Any, errors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(sys.modules["duplicity._retrying"].time, "sleep", pauses.append)
    sys.modules["duplicity.config"].backend_retry_delay = 10  # type: ignore[attr-defined]
    for failure in (errors.BackendException("x"), errors.TemporaryLoadException("x")):
        backend.BackendWrapper(Flaky(failure)).list()
    assert pauses == [10, 30]


def test_names_are_bytes(backend: Any) -> None:
    assert backend.BackendWrapper(Flaky()).list() == [b"text", b"bytes", b"\xe4"]


def test_deletes_in_slices_that_the_backend_may_change(backend: Any) -> None:
    flaky = Flaky()
    names = [b"%d" % number for number in range(250)]
    backend.BackendWrapper(flaky).delete(names)
    assert [len(part) for part in flaky.deleted] == [100, 100, 50]
    assert len(names) == 250
    with pytest.raises(AssertionError):
        backend.BackendWrapper(flaky).delete(b"x")


def test_a_failed_delete_is_a_warning(backend: Any) -> None:
    backend.BackendWrapper(Flaky(ValueError(), ValueError())).delete([b"x"])


def test_sizes(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper = backend.BackendWrapper(Flaky(FileNotFoundError(2, "gone")))
    assert wrapper.query_info([b"a", b"b"]) == {b"a": {"size": -1}, b"b": {"size": 7}}
    assert wrapper.validate(b"a", 7) == (True, "")
    pauses: list[float] = []
    monkeypatch.setattr(backend.time, "sleep", pauses.append)
    assert not wrapper.validate(b"a", 8)[0]
    assert pauses == [1, 2]


def test_a_file_that_did_not_come_is_a_failure(backend: Any, errors: Any, tmp_path: Path) -> None:
    flaky = Flaky()
    flaky._get = lambda name, target: None  # type: ignore[method-assign]
    with pytest.raises(errors.BackendException):
        backend.BackendWrapper(flaky).get(b"x", backend.path.Path(str(tmp_path / "x")))
    assert backend.BackendWrapper(Flaky()).get_data(b"x") == b"x"


@pytest.mark.parametrize("moves", [True, None, False])
def test_only_false_says_that_nothing_was_moved(backend: Any, tmp_path: Path, moves: Any) -> None:
    flaky = Flaky()
    flaky._move = lambda source, name: moves  # type: ignore[attr-defined]
    (tmp_path / "x").write_bytes(b"x")
    backend.BackendWrapper(flaky).move(backend.path.Path(str(tmp_path / "x")), b"x")
    assert flaky.calls == ([] if moves is not False else ["put"])
    assert (tmp_path / "x").exists() == (moves is not False)


# The base class


def test_a_password_is_of_the_url_or_of_the_environment(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.uses_netloc.append("ftp")
    base = backend.Backend(backend.ParsedUrl("ftp://me@host/x"))
    assert base.get_password() == ""
    base.use_getpass = False
    assert base.get_password() is None
    monkeypatch.setenv("FTP_PASSWORD", "old one")
    assert base.get_password() == "old one"
    monkeypatch.setenv("BACKEND_PASSWORD", "new one")
    assert base.get_password() == "new one"
    assert backend.Backend(backend.ParsedUrl("ftp://me:own@host/x")).get_password() == "own"


def test_no_command_or_failure_shows_a_password(
    backend: Any, errors: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BACKEND_PASSWORD", "hidden/it")
    base = backend.Backend(backend.ParsedUrl("file:///x"))
    assert base.munge_password("a ftp://me:pass@host -u 'me,hidden/it'") == "a ftp://me:*****@host -u 'me,*****'"
    with caplog.at_level("DEBUG"), pytest.raises(errors.BackendException) as caught:
        base.subprocess_popen("sh -c 'echo hidden/it; exit 3'")
    assert "hidden/it" not in str(caught.value) + caplog.text
    assert "exit code 3" in str(caught.value)


def test_runs_programs(backend: Any, errors: Any) -> None:
    base = backend.Backend(backend.ParsedUrl("file:///x"))
    assert base.subprocess_popen("echo 'a b'") == (0, "a b\n", "")
    assert base.subprocess_popen(["sh", "-c", "echo x >&2; exit 2"], ignore_errors=True) == (2, "", "x\n")
    base.popen_breaks = {"sh": [2]}
    assert base.subprocess_popen(["sh", "-c", "exit 2"]) == (0, "", "")
    assert base.subprocess_popen(["cat"]) == (0, "", ""), "nobody types anything"
    for command in (["no-such-program-here"], ["sleep", "60"]):
        with pytest.raises(errors.BackendException):
            base.subprocess_popen(command, timeout=0.1)
