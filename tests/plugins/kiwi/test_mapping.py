"""Which functions of a Kiwi plugin are called, and for what."""

from yester.plugins.deciding.answers import ON_ENTRY
from yester.plugins.kiwi.mapping import (
    FORMS,
    NOTED,
    SPELLINGS,
    STARTERS,
    functions_of,
    has_context,
    hooks_of,
    problems_of,
    unknown_in,
)


def one(context: object) -> None: ...


def two(kfile: object, context: object = None) -> None: ...


def test_of_two_spellings_the_references_counts() -> None:
    assert functions_of({"on_start_backup": one, "x": two}) == {"on_backup_start": one}
    assert functions_of({"on_start_backup": one, "on_backup_start": two}) == {"on_backup_start": two}
    assert functions_of({"on_stop_backup": one, "on_file": two}) == {"on_backup_stop": one, "on_file": two}
    assert {*SPELLINGS.values()} <= {*FORMS}


def test_what_it_has_to_be_called_for() -> None:
    assert hooks_of({}, keeps_notes=False) == []
    assert hooks_of({"on_server_start": one}, keeps_notes=False) == [*STARTERS]
    assert hooks_of({"on_file": two, "on_backup_stop": one}, keeps_notes=True) == [ON_ENTRY, "on_run_end", *NOTED]
    assert not has_context({"on_server_start": one}) and has_context({"on_file": two})


def test_forms() -> None:
    assert [*problems_of({"on_file": two, "on_backup_start": one, "on_backup_stop": print})] == []
    assert [*problems_of({"on_server_start": one})] == [
        f"on_server_start{'(context: object) -> None'} must be: def on_server_start()"
    ]
    assert [*problems_of({"on_file": "text"})] == ["on_file must be a function: def on_file(kfile, context)"]


def test_names_that_nothing_calls() -> None:
    assert [*unknown_in({"on_files": one, "on_file": two, "on_start_backup": one, "on_number": 5, "of": one})] == [
        "nothing calls on_files. Did you mean on_file?"
    ]
