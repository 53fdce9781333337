"""What backends.toml in the configuration folder says: options of backends that belong to no profile."""

import tomllib
from collections.abc import Mapping

from yester.engine.errors import UsageError
from yester.engine.places import Places

NAME = "backends.toml"


def read_backends(places: Places) -> Mapping[str, Mapping[str, object]]:
    """Return the tables of the file, by backend; none without a file. UsageError when it cannot be understood."""
    path = places.config / NAME
    try:
        said = tomllib.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path} is no TOML: {problem}", hint="Correct it by hand.") from None
    for name, table in said.items():
        if not isinstance(table, dict):
            raise UsageError(
                f"{path}: options of a backend stand in a table of their own",
                hint=f"Write [NAME], the name of a backend, above {name}.",
            )
    return said
