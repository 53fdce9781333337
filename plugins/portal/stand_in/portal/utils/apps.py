"""Which apps are on: what is loaded here is."""


def is_app_enabled(app_id: str) -> bool:
    """Whether an app is on."""
    return True
