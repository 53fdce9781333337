"""What tests of the server share."""

from tests.tui.cli.conftest import docs, plain, yester

__all__ = ["docs", "plain", "yester"]
