"""Python 3 has the names already."""


def install_aliases() -> None:
    """Do nothing."""
