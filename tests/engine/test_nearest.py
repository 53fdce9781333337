from yester.engine.nearest import did_you_mean, nearest


def test_the_best_comes_first() -> None:
    assert nearest("photso", ["documents", "phones", "photos"]) == ["photos", "phones"]


def test_hints() -> None:
    assert did_you_mean("photso", ["photos", "music"]) == "Did you mean photos?"
    assert did_you_mean("zzz", ["b", "a"]) == "There is: a, b"
    assert did_you_mean("zzz", []) == ""
    assert did_you_mean("zzz", [f"name-{number}" for number in range(100)]) == ""
