"""Nothing is translated."""


def gettext(text: str) -> str:
    """Return the text."""
    return text


gettext_lazy = gettext_noop = ugettext = ugettext_lazy = ugettext_noop = gettext
