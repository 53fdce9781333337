import os
import subprocess
import sys
from pathlib import Path

import pytest

from yester.engine.errors import BusyError, UsageError, YesterError
from yester.engine.profiles import editing as module
from yester.engine.profiles.editing import editing
from yester.engine.profiles.reading import load_profile, profile_path
from yester.engine.profiles.writing import new_profile, save_profile


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    save_profile(tmp_path, new_profile("docs", [b"/"]))
    return tmp_path


def test_mode_and_link_stay(profiles: Path) -> None:
    path = profile_path(profiles, "docs")
    real = profiles / "dotfiles" / "d.toml"
    real.parent.mkdir()
    path.rename(real)
    path.symlink_to(real)
    real.chmod(0o640)
    with editing(profiles, "docs") as file:
        file.replace(file.text + "# more\n")
    assert path.is_symlink()
    assert real.read_text().endswith("# more\n")
    assert real.stat().st_mode & 0o777 == 0o640
    assert os.listdir(real.parent) == ["d.toml"]


def test_a_new_profile_is_for_nobody_else(profiles: Path) -> None:
    """A command or a path in it may say where the passphrase is."""
    assert profile_path(profiles, "docs").stat().st_mode & 0o777 == 0o600


def test_two_editors_at_once(profiles: Path) -> None:
    with editing(profiles, "docs") as first:
        with pytest.raises(BusyError, match="docs is being edited elsewhere"), editing(profiles, "docs"):
            pass
        first.replace(first.text + "# 1\n")
        with editing(profiles, "docs") as second:
            assert second.text.endswith("# 1\n")  # the file that was locked is no longer the profile
    with editing(profiles, "docs") as third:
        third.replace(third.text + "# 2\n")
    assert load_profile(profiles, "docs").text.endswith("# 1\n# 2\n")


def test_a_file_that_was_replaced_before_it_was_locked(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opened the old file must not hold a lock that keeps nobody out."""
    lock, opened = module._lock, []

    def overtaken(descriptor: int, name: str) -> None:
        opened.append(descriptor)
        if len(opened) == 1:
            with editing(profiles, "docs") as other:
                other.replace(other.text + "# other\n")
        lock(descriptor, name)

    monkeypatch.setattr(module, "_lock", overtaken)
    with editing(profiles, "docs") as file:
        assert len(opened) == 3
        assert file.text.endswith("# other\n")
        monkeypatch.setattr(module, "_lock", lock)
        with pytest.raises(BusyError), editing(profiles, "docs"):
            pass


def test_the_lock_goes_with_its_process(profiles: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom yester.engine.profiles.editing import editing\n"
        "with editing(Path(sys.argv[1]), 'docs'):\n    print('held', flush=True)\n    os.kill(os.getpid(), 9)\n"
    )
    holder = subprocess.run([sys.executable, "-c", code, str(profiles)], capture_output=True, check=False)
    assert holder.stdout == b"held\n"
    with editing(profiles, "docs") as file:
        assert file.text


def test_another_program_wrote_meanwhile(profiles: Path) -> None:
    with editing(profiles, "docs") as file:
        profile_path(profiles, "docs").write_text(file.text + "# other\n")
        with pytest.raises(YesterError, match="changed by another program"):
            file.replace(file.text + "# mine\n")
    assert load_profile(profiles, "docs").text.endswith("# other\n")


def test_a_full_disk_leaves_the_profile(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with editing(profiles, "docs") as file:
        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(UsageError, match="No space left"):
            file.replace("id = 1\n")
    assert load_profile(profiles, "docs").sources == (b"/",)
    assert os.listdir(profiles) == ["docs.toml"]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(profile_path(tmp_path, "pipe"))
    profile_path(tmp_path, "endless").symlink_to("/dev/zero")
    with open(profile_path(tmp_path, "long"), "wb") as file:
        file.truncate(1 << 30)
    for name, words in (("pipe", "it is not a file"), ("endless", "it is not a file"), ("long", "it is longer than")):
        with pytest.raises(UsageError, match=words):
            load_profile(tmp_path, name)
