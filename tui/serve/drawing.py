"""Making a picture small, in a process of its own: whatever is wrong with it harms nobody else.

    python -m yester.tui.serve.drawing WIDTH HEIGHT < PICTURE > DOTS

Pillow does it, where it is installed (`yester[pictures]`); where it is not there are no dots. The process may take so
much memory and time and no more, since a few bytes can say that they are a picture of a terabyte.
"""

import io
import os
import resource
import subprocess
import sys
from importlib.util import find_spec

from yester.tui.serve.call import Call

LARGEST = 32 << 20
"""Bytes of a picture that is looked at."""
_MEMORY = 1 << 30
_TIME_S = 5


def can_draw() -> bool:
    """Whether pictures can be made small here."""
    return find_spec("PIL") is not None


def drawn(data: bytes, width: int, height: int, call: Call) -> bytes | None:
    """Return the dots of a picture, red, green, blue; None when it is damaged, or too much. CancelledError."""
    command = [sys.executable, "-P", "-m", __name__, str(width), str(height)]
    with (
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
        ) as process,
        call.stopped_by(process.kill),
    ):
        dots, _ = process.communicate(data)
    return dots if process.returncode == 0 and len(dots) == 3 * width * height else None


def _environment() -> dict[str, str]:
    """Return what the process needs to find itself: no passphrase of anybody."""
    return {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME", "VIRTUAL_ENV") if name in os.environ}


def main() -> int:
    """Be that process."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_TIME_S, _TIME_S))
    from PIL import Image

    size = int(sys.argv[1]), int(sys.argv[2])
    with Image.open(io.BytesIO(sys.stdin.buffer.read())) as picture:
        picture.draft("RGB", size)
        small = picture.convert("RGBA").resize(size)
    ground = Image.new("RGBA", size, "white")
    sys.stdout.buffer.write(Image.alpha_composite(ground, small).convert("RGB").tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
