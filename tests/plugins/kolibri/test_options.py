"""Contract 4.4: specs, variables, precedence, what is said of a mistake, and how plugins' specs are merged."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.kolibri.conftest import Import

SPEC = """
option_spec = {
    "Backup": {
        "TARGET": {"type": "path", "default": "backups", "description": "Where copies go"},
        "KEEP": {"type": "integer", "default": 2, "envvars": ("BACKUPS_KEPT",), "deprecated_envvars": ("OLD_KEEP",)},
        "MODE": {"type": "option", "options": ("full", "part"), "default": "full"},
        "LIMIT": {"type": "bytes", "default": "500MB", "deprecated_aliases": ("MAXIMUM", "MOST")},
        "OLD": {"type": "boolean", "default": False, "deprecated": True},
    },
}
"""

Logged = Callable[[], list[str]]


@pytest.fixture
def ini(kolibri: Import, tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        (tmp_path / "kolibri").mkdir(exist_ok=True)
        (tmp_path / "kolibri" / "options.ini").write_text(text)
        return tmp_path / "kolibri" / "options.ini"

    return write


@pytest.fixture
def backup(put: Callable[..., Any]) -> Any:
    return put("backup", options=SPEC)


def options(kolibri: Import) -> Any:
    return kolibri("kolibri.utils.options").read_options_file()["Backup"]


def test_defaults(kolibri: Import, backup: Any, tmp_path: Path) -> None:
    assert options(kolibri) == {
        "TARGET": str(tmp_path / "kolibri" / "backups"), "KEEP": 2, "MODE": "full", "LIMIT": 500_000_000, "OLD": False,
    }  # fmt: skip
    read = kolibri("kolibri.utils.conf").OPTIONS
    assert read["Backup"]["KEEP"] == 2
    assert read["Deployment"]["HTTP_PORT"] == 8080
    assert read["Paths"]["CONTENT_DIR"] == str(tmp_path / "kolibri" / "content")


def test_the_environment_counts_before_an_alias_before_the_file(
    kolibri: Import, backup: Any, ini: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    ini("[Backup]\nKEEP = 3\nLIMIT = 1KB\n")
    assert (options(kolibri)["KEEP"], options(kolibri)["LIMIT"]) == (3, 1000)
    assert logged() == []
    ini("[Backup]\nLIMIT = 1KB\nMOST = 2KB\n")
    assert options(kolibri)["LIMIT"] == 2000
    assert any("Backup.MOST" in text and "Backup.LIMIT" in text for text in logged())
    monkeypatch.setenv("KOLIBRI_LIMIT", "3KB")
    assert options(kolibri)["LIMIT"] == 3000


def test_variables_in_order(kolibri: Import, backup: Any, monkeypatch: pytest.MonkeyPatch, logged: Logged) -> None:
    spec = kolibri("kolibri.utils.options").option_spec
    assert spec["Backup"]["KEEP"]["envvars"] == ("KOLIBRI_KEEP", "BACKUPS_KEPT", "OLD_KEEP")
    assert spec["Backup"]["LIMIT"]["envvars"] == ("KOLIBRI_LIMIT", "KOLIBRI_MAXIMUM", "KOLIBRI_MOST")
    monkeypatch.setenv("OLD_KEEP", "7")
    assert options(kolibri)["KEEP"] == 7
    assert any("OLD_KEEP" in text and "KOLIBRI_KEEP" in text for text in logged())
    monkeypatch.setenv("BACKUPS_KEPT", "8")
    assert options(kolibri)["KEEP"] == 8
    monkeypatch.setenv("KOLIBRI_KEEP", "9")
    assert options(kolibri)["KEEP"] == 9


def test_a_variable_that_is_taken(
    kolibri: Import, put: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    put("taken", options='option_spec = {"Other": {"HTTP_PORT": {"type": "port", "default": 1}}}')
    module = kolibri("kolibri.utils.options")
    assert module.option_spec["Other"]["HTTP_PORT"]["envvars"] == ("KOLIBRI_OTHER_HTTP_PORT",)
    assert "Duplicate environment variable for options KOLIBRI_HTTP_PORT" in logged()
    monkeypatch.setenv("KOLIBRI_HTTP_PORT", "81")
    monkeypatch.setenv("KOLIBRI_OTHER_HTTP_PORT", "82")
    found = module.read_options_file()
    assert (found["Deployment"]["HTTP_PORT"], found["Other"]["HTTP_PORT"]) == (81, 82)


def test_a_variable_that_is_empty_says_so(kolibri: Import, backup: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOLIBRI_TARGET", "")
    assert options(kolibri)["TARGET"] == ""


def refused(kolibri: Import, logged: Logged) -> list[str]:
    with pytest.raises(SystemExit) as ended:
        options(kolibri)
    assert ended.value.code == 1
    assert logged()[-1] == "Aborting: Could not process options config (see errors above for more details)"
    return logged()[:-1]


def test_a_wrong_value_in_the_file(kolibri: Import, backup: Any, ini: Callable[[str], Path], logged: Logged) -> None:
    path = ini("[Backup]\nKEEP = abba\nMODE = some\nMAXIMUM = much\n[Deployment]\nHTTP_PORT = abba\n")
    assert sorted(refused(kolibri, logged)) == sorted(
        f"Error processing {path} under section [{section}] for option {option}: {why}"
        for section, option, why in [
            ("Deployment", "HTTP_PORT", 'the value "abba" is of the wrong type.'),
            ("Backup", "KEEP", 'the value "abba" is of the wrong type.'),
            ("Backup", "MODE", 'the value "some" is unacceptable.'),
            ("Backup", "MAXIMUM", 'the value "much" is unacceptable.'),
        ]
    )


def test_a_wrong_value_in_the_environment(
    kolibri: Import, backup: Any, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    monkeypatch.setenv("BACKUPS_KEPT", "abba")
    assert refused(kolibri, logged) == [
        'Error processing environment variable option BACKUPS_KEPT: the value "abba" is of the wrong type.'
    ]


def test_a_wrong_default(kolibri: Import, put: Callable[..., Any], logged: Logged) -> None:
    put("wrong", options='option_spec = {"Backup": {"KEEP": {"type": "integer", "default": "two"}}}')
    (text,) = refused(kolibri, logged)
    assert text.endswith('under section [Backup] for option KEEP: the value "two" is of the wrong type.')


def test_an_integer_without_default_has_to_be_said(kolibri: Import, put: Any, ini: Any, logged: Logged) -> None:
    put("bare", options='option_spec = {"Backup": {"KEEP": {"type": "integer"}}}')
    assert refused(kolibri, logged)
    ini("[Backup]\nKEEP = 1\n")
    assert options(kolibri) == {"KEEP": 1}


def test_a_default_of_none_is_the_word(kolibri: Import, put: Callable[..., Any]) -> None:
    put("bare", options='option_spec = {"Backup": {"KEEP": {"type": "string", "default": None}}}')
    assert options(kolibri) == {"KEEP": "None"}


def test_an_empty_list_as_default(kolibri: Import, put: Callable[..., Any]) -> None:
    put("empty", options='option_spec = {"Backup": {"LIST": {"type": "csp_source_list", "default": []}}}')
    with pytest.raises(RuntimeError, match="For an empty list don't specify a default"):
        options(kolibri)


def test_a_type_that_is_none(kolibri: Import, put: Callable[..., Any]) -> None:
    put("odd", options='option_spec = {"Backup": {"LIST": {"type": "colour"}}}')
    with pytest.raises(ValueError, match='the check "colour" is unknown'):
        options(kolibri)


def test_unknown_sections_and_options_are_ignored(
    kolibri: Import, backup: Any, ini: Callable[[str], Path], logged: Logged
) -> None:
    ini("top = 1\n[Backup]\nKEPT = 3\n[[below]]\nY = 1\n[Elsewhere]\nX = 1\n")
    assert options(kolibri)["KEEP"] == 2
    assert len(logged()) == 4
    assert any("Elsewhere.X" in text for text in logged())


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("[Cache]\nCACHE_REDIS_MIN_DB = 7", {}),
        ("", {"KOLIBRI_CACHE_REDIS_MIN_DB": "7"}),
        ("", {"KOLIBRI_LISTEN_PORT": "1234"}),
        ("[Backup]\nMOST = 1", {}),
    ],
)
def test_old_names_are_called_deprecated_as_kolibris_own_tests_want_it(
    kolibri: Import,
    backup: Any,
    ini: Any,
    logged: Logged,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    variables: dict[str, str],
) -> None:
    ini(text)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    kolibri("kolibri.utils.options").read_options_file()
    assert any("deprecated" in text for text in logged())


def test_a_function_that_is_imported_when_it_is_called(kolibri: Import) -> None:
    function = kolibri("kolibri.utils.options").LazyImportFunction("os.path.basename")
    assert function("/a/b") == "b"


def test_deprecated_options_are_warned_of(kolibri: Import, backup: Any, ini: Any, logged: Logged) -> None:
    ini("[Backup]\nOLD = yes\n")
    assert options(kolibri)["OLD"] is True
    assert any("OLD in section [Backup] is deprecated" in text for text in logged())


def test_a_file_that_is_none(kolibri: Import, backup: Any, ini: Any, logged: Logged) -> None:
    ini("[Backup]\nwords\n")
    assert "line 2" in refused(kolibri, logged)[0]


# Writing


def test_one_value_is_written(kolibri: Import, backup: Any, ini: Callable[[str], Path], tmp_path: Path) -> None:
    module = kolibri("kolibri.utils.options")
    module.update_options_file("Backup", "KEEP", 5)
    path = tmp_path / "kolibri" / "options.ini"
    assert path.read_text() == "[Backup]\nKEEP = 5\n"
    module.update_options_file("Backup", "TARGET", "a, b")
    assert options(kolibri)["TARGET"] == str(tmp_path / "kolibri" / "a, b")
    module.update_options_file("Paths", "CONTENT_FALLBACK_DIRS", ["/a, b", "/c"])
    assert module.read_options_file()["Paths"]["CONTENT_FALLBACK_DIRS"] == ["/a, b", "/c"]
    assert options(kolibri)["KEEP"] == 5


@pytest.mark.parametrize(("key", "value"), [("KEEP", "abba"), ("MODE", "some"), ("NONE", "1")])
def test_a_wrong_value_is_not_written(kolibri: Import, backup: Any, tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"Unable to set {key} in options.ini: "):
        kolibri("kolibri.utils.options").update_options_file("Backup", key, value)
    assert not (tmp_path / "kolibri").exists()


def test_what_the_environment_says_is_not_written(
    kolibri: Import, backup: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KOLIBRI_MODE", "part")
    kolibri("kolibri.utils.options").update_options_file("Backup", "KEEP", 5)
    assert "MODE" not in (tmp_path / "kolibri" / "options.ini").read_text()


def test_a_file_of_the_callers_own(kolibri: Import, backup: Any, tmp_path: Path) -> None:
    path = tmp_path / "other.ini"
    module = kolibri("kolibri.utils.options")
    module.update_options_file("Backup", "KEEP", 6, ini_filename=str(path))
    assert module.read_options_file(ini_filename=str(path))["Backup"]["KEEP"] == 6
    assert {each.name for each in tmp_path.iterdir()} == {"other.ini", "packages"}


def test_a_kolibris_file_is_not_written(kolibri: Import, backup: Any, ini: Callable[[str], Path]) -> None:
    path = ini("[Backup]\nKEEP = 3\n")
    with pytest.raises(RuntimeError, match="belongs to a Kolibri"):
        kolibri("kolibri.utils.options").update_options_file("Backup", "KEEP", 5)
    assert path.read_text() == "[Backup]\nKEEP = 3\n"


# Several plugins

CORE = 'option_spec = {"Deployment": {"HTTP_PORT": {"type": "port", "default": 8080}}}'


def merged(kolibri: Import) -> Any:
    module = kolibri("kolibri.utils.options")
    return kolibri("kolibri.plugins.utils.options").extend_config_spec(module.base_option_spec)


def test_the_base_is_copied(kolibri: Import, put: Callable[..., Any]) -> None:
    put("changes", option_defaults='option_defaults = {"Deployment": {"HTTP_PORT": 81}}')
    assert merged(kolibri)["Deployment"]["HTTP_PORT"]["default"] == 81
    assert kolibri("kolibri.utils.options").base_option_spec["Deployment"]["HTTP_PORT"]["default"] == 8080


@pytest.mark.parametrize("kind", [ValueError, RuntimeError])
def test_a_core_option_even_with_identical_content(kolibri: Import, put: Any, kind: type[Exception]) -> None:
    put("clash", options=CORE)
    with pytest.raises(kind, match=r"^Cannot overwrite a core Kolibri options spec option$"):
        merged(kolibri)


@pytest.mark.parametrize(("attribute", "variable"), [("kolibri_options", "options_spec"), ("options", "option_spec")])
def test_a_plugin_by_the_documentation_may_change_a_default(
    kolibri: Import, put: Callable[..., Any], attribute: str, variable: str
) -> None:
    head = f"from kolibri.plugins import KolibriPluginBase\nclass P(KolibriPluginBase):\n    {attribute} = 'options'\n"
    put("documented", plugin=head, options=CORE.replace("option_spec", variable).replace("8080", "81"))
    assert merged(kolibri)["Deployment"]["HTTP_PORT"]["default"] == 81


def test_a_plugin_by_the_documentation_may_not_change_more(kolibri: Import, put: Callable[..., Any]) -> None:
    put("documented", options=CORE.replace("option_spec", "options_spec").replace('"port"', '"string"'))
    with pytest.raises(RuntimeError, match="Cannot overwrite a core"):
        merged(kolibri)


def test_an_option_may_be_called_by_the_documentation(kolibri: Import, put: Callable[..., Any]) -> None:
    put("backup", options=SPEC.replace("option_spec", "options_spec"))
    assert options(kolibri)["KEEP"] == 2


def test_two_plugins_with_one_option(kolibri: Import, put: Callable[..., Any]) -> None:
    for name, default in (("first", 1), ("second", 2)):
        put(name, options=f'option_spec = {{"Backup": {{"KEEP": {{"type": "integer", "default": {default}}}}}}}')
    with pytest.warns(UserWarning, match="second set an option KEEP in section Backup but first had already set it"):
        assert merged(kolibri)["Backup"]["KEEP"]["default"] == 2


def test_defaults_come_after_all_specs(kolibri: Import, put: Callable[..., Any], logged: Logged) -> None:
    put("changes", option_defaults='option_defaults = {"Backup": {"KEEP": 9, "NONE": 1}, "Nowhere": {"X": 1}}')
    put("backup", options=SPEC)
    assert merged(kolibri)["Backup"]["KEEP"]["default"] == 9
    assert logged() == [
        "Tried to set a new default in section Backup, for option NONE but this is not a valid option",
        "Tried to set a new default in section Nowhere, but this is not a valid section",
    ]


def test_two_plugins_with_one_default(kolibri: Import, put: Callable[..., Any]) -> None:
    for name in ("first", "second"):
        put(name, option_defaults='option_defaults = {"Deployment": {"HTTP_PORT": 81}}')
    with pytest.warns(UserWarning, match="second set an option default HTTP_PORT"):
        merged(kolibri)


def test_no_plugin_no_warning(kolibri: Import) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert {*merged(kolibri)} >= {"Paths", "Deployment"}
    assert not os.path.exists(kolibri("kolibri.utils.conf").KOLIBRI_HOME)
