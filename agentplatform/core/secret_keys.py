"""Django's SECRET_KEY, changed while the process runs."""

from django.conf import settings


def adopt_secret_key(key: str, *, fallbacks: list[str]) -> None:
    """Sign with `key` from now on, and accept what any earlier key of this process signed."""
    earlier = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    accepted = dict.fromkeys([*fallbacks, *earlier])
    # In this order, no signature is refused in between.
    settings.SECRET_KEY_FALLBACKS = [old for old in accepted if old != key]
    settings.SECRET_KEY = key
