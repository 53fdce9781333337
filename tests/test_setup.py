"""The set-up script, among programs that only note how they were called."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REAL = ("dirname", "cat", "cksum", "rm", "cp", "mkdir", "env", "chmod")
NOTING = (
    *("make", "fusermount3", "rsync", "git", "tmux", "systemd-analyze", "ssh", "ssh-keygen", "sshd"),
    *("gcc", "pkg-config", "sudo", "apt-get"),
)


NOTE = '#!/bin/sh\necho "${0##*/} $*" >>"$NOTES"\n'
PYTHON = (
    NOTE
    + """case "$*" in
*sys.version_info*) exit "$TOO_OLD" ;;
*base_prefix*) echo "3.11 /usr" ;;
"-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
esac
"""
)


class Machine:
    """A checkout and a search path that hold nothing but what a test put there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self.checkout = folder / "checkout"
        self.too_old = False
        (self.checkout / ".ci").mkdir(parents=True)
        self.programs.mkdir()
        shutil.copy(ROOT / ".ci/setup", self.checkout / ".ci/setup")
        (self.checkout / "pyproject.toml").write_text("[project]\n")
        for name in REAL:
            (self.programs / name).symlink_to(shutil.which(name) or "")
        for name in NOTING:
            self.install(name, NOTE)
        self.install("python3", PYTHON)
        self.install("id", "#!/bin/sh\necho 0\n")

    def install(self, name: str, text: str) -> None:
        program = self.programs / name
        program.write_text(text)
        program.chmod(0o755)

    def remove(self, *names: str) -> None:
        for name in names:
            (self.programs / name).unlink()

    def set_up(self, *words: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        """Run the script; return its result and what it called."""
        notes = self.folder / "notes"
        notes.write_text("")
        result = subprocess.run(
            ["/bin/sh", self.checkout / ".ci/setup", *words],
            env={
                "PATH": str(self.programs),
                "NOTES": str(notes),
                "TOO_OLD": str(int(self.too_old)),
                "SBIN": str(self.folder),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return result, notes.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def calls(notes: list[str]) -> str:
    """Return what was made: `v` for a virtual environment, `p` for packages put into it."""
    return "".join("v" if "-m venv" in note else "p" if "--group" in note else "" for note in notes)


def test_a_second_run_makes_nothing(machine: Machine) -> None:
    first, notes = machine.set_up()
    assert (first.returncode, calls(notes)) == (0, "vp")
    second, notes = machine.set_up()
    assert (second.returncode, second.stderr, calls(notes)) == (0, "", "")
    assert not any(note.startswith(("apt-get", "sudo")) for note in notes)


def move(machine: Machine) -> None:
    machine.checkout = machine.checkout.rename(machine.folder / "elsewhere")


def change_requirements(machine: Machine) -> None:
    (machine.checkout / "pyproject.toml").write_text("[project]\ndependencies = []\n")


def break_environment(machine: Machine) -> None:
    (machine.checkout / ".venv/bin/python").unlink()


def interrupt_packages(machine: Machine) -> None:
    (machine.checkout / ".venv/filled-from").unlink()


def change_python(machine: Machine) -> None:
    machine.install("python3", PYTHON.replace("3.11", "3.13"))


@pytest.mark.parametrize(
    ("change", "made"),
    [
        (move, "vp"),
        (break_environment, "vp"),
        (change_python, "vp"),
        (change_requirements, "p"),
        (interrupt_packages, "p"),
    ],
)
def test_what_changed_is_made_again(machine: Machine, change: Callable[[Machine], None], made: str) -> None:
    machine.set_up()
    change(machine)
    result, notes = machine.set_up()
    assert (result.returncode, calls(notes)) == (0, made)


def test_missing_system_packages_are_installed(machine: Machine) -> None:
    machine.remove("fusermount3", "rsync", "pkg-config")
    result, notes = machine.set_up()
    installed = [note.split("--no-install-recommends ")[1] for note in notes if note.startswith("apt-get")]
    assert result.returncode == 0
    assert installed == ["fuse3 rsync", "pkg-config libfuse3-dev"]


@pytest.mark.parametrize("policy", ["", "#!/bin/sh\nexit 0\n"])
def test_an_ssh_server_is_installed_and_not_started(machine: Machine, policy: str) -> None:
    """Where the system has a policy on that, it stays."""
    machine.remove("ssh", "sshd")
    machine.install("systemctl", NOTE)
    machine.install("apt-get", NOTE + 'cat "$SBIN/policy-rc.d" >"$SBIN/then"\n')
    if policy:
        (machine.folder / "policy-rc.d").write_text(policy)
    result, notes = machine.set_up()
    assert result.returncode == 0
    assert notes[0].endswith(" openssh-client openssh-server")
    assert notes[1] == "systemctl --quiet disable ssh.service"
    assert (machine.folder / "then").read_text() == (policy or "#!/bin/sh\nexit 101\n")
    assert (machine.folder / "policy-rc.d").exists() == bool(policy)


def test_servers_for_tests_are_installed_and_not_started(machine: Machine) -> None:
    machine.install("systemctl", NOTE)
    machine.install("apt-get", NOTE + 'cat "$SBIN/policy-rc.d" >"$SBIN/then"\n')
    result, notes = machine.set_up("mount", "mariadb-server", "postgresql")
    assert result.returncode == 0
    assert notes[0].endswith(" mount mariadb-server postgresql")
    assert notes[1:3] == [
        "systemctl --quiet disable mariadb.service",
        "systemctl --quiet disable postgresql.service",
    ]
    assert (machine.folder / "then").read_text() == "#!/bin/sh\nexit 101\n"


def test_package_lists_are_refreshed_when_an_installation_fails(machine: Machine) -> None:
    machine.install(
        "apt-get", NOTE + 'case "$*" in *update) : >"$NOTES.updated" ;; *) [ -e "$NOTES.updated" ] ;; esac\n'
    )
    machine.remove("rsync")
    result, notes = machine.set_up()
    assert result.returncode == 0
    assert [note.split()[4] for note in notes if note.startswith("apt-get")] == ["install", "update", "install"]


def test_a_person_without_root_is_told_the_command(machine: Machine) -> None:
    machine.install("id", "#!/bin/sh\necho 1000\n")
    machine.remove("fusermount3", "sudo")
    result, notes = machine.set_up()
    assert result.returncode == 1
    assert result.stderr == "set-up: system packages are missing; as root run: apt-get install fuse3\n"
    assert not any(note.startswith("apt-get") for note in notes)


def test_another_distribution_is_told_what_to_install(machine: Machine) -> None:
    machine.remove("fusermount3", "apt-get")
    result, _ = machine.set_up()
    assert result.returncode == 1
    assert "package manager" in result.stderr
    assert "fuse3" in result.stderr


def test_a_python_that_is_too_old_is_said(machine: Machine) -> None:
    machine.too_old = True
    result, notes = machine.set_up()
    assert result.returncode == 1
    assert "yester needs Python 3.11 or newer" in result.stderr
    assert any("python3.11-venv" in note for note in notes if note.startswith("apt-get"))
