import pytest

from yester.engine.errors import UsageError
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.terms import Terms
from yester.plugins.options.spec import Option

SPEC = {"redundancy": Option("integer", 10, "Percent."), "secret-key": Option("string", is_secret=True)}


def _terms(stated: dict[str, dict[str, object]], **environment: str) -> Terms:
    return Terms(lambda url, terms: MemoryStore(), stated=stated, environment=environment)


def test_an_option_is_said_by_the_environment_the_profile_or_nobody() -> None:
    stated: dict[str, dict[str, object]] = {"par2": {"redundancy": 20}, "other": {"x": 1}}
    assert _terms(stated, YESTER_PAR2_REDUNDANCY="30").options("par2", SPEC)["redundancy"] == 30
    assert _terms(stated).options("par2", SPEC)["redundancy"] == 20
    assert _terms({}).options("par2", SPEC) == {"redundancy": 10, "secret-key": None}
    assert _terms({}, YESTER_PAR2_SECRET_KEY="k").options("par2", SPEC)["secret-key"] == "k"


@pytest.mark.parametrize("table", [{"redundancy": "many"}, {"redundncy": 10}])
def test_a_wrong_option_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"par2.*\[backends\.par2\]"):
        _terms({"par2": table}).options("par2", SPEC)
