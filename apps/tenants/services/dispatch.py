"""Send the messages that hint at what the rows of tenants say. Called after the commit."""

from celery import current_app


def send_tend() -> None:
    """Hint that some tenant has work to cancel or data to purge."""
    current_app.signature("tenants.tend", immutable=True).apply_async()


def send_purge_expired() -> None:
    """Hint that there is more to purge of what has ended long ago."""
    current_app.signature("tenants.purge_expired", immutable=True).apply_async()
