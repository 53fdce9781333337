"""What is said when a passphrase is missing or wrong; pure.

Whoever runs commands and looks at what became of them (the terminal program, a status) knows it by the beginnings.
"""

NOBODY_TO_ASK = "No passphrase is given, and there is no terminal to ask for it"
"""What a command says that would have to ask."""
WRONG = "Wrong passphrase"
FROM = "The passphrase from"
FILE = "The passphrase file"
COMMAND = "The passphrase command"
NOT_IN_KEYRING = "The keyring holds no passphrase"
NO_KEYRING = "The keyring is asked for, but not installed"
CLOSED_KEYRING = "The keyring cannot be opened"

_KEPT = (WRONG, FROM, FILE, COMMAND, NOT_IN_KEYRING, NO_KEYRING, CLOSED_KEYRING)


def is_kept_badly(message: str) -> bool:
    """Whether a complaint is about the place that a passphrase is kept at, or about what stands there."""
    return message.startswith(_KEPT)


def lacks_passphrase(message: str) -> bool:
    """Whether a person who types the passphrase lets what complained go on."""
    return message.startswith(NOBODY_TO_ASK) or is_kept_badly(message)
