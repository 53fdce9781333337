"""What goes wrong while something is brought to rest."""


class Failed(Exception):
    """It could not be done; the text says why, for the person, and holds no secret."""
