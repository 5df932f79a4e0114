"""Where a process keeps what its browsers and their drivers need on the host for a while."""

from pathlib import Path

from apps.tools.runners.confine.own_folder import own_folder

HOST_TMP = "/tmp"  # noqa: S108


def browser_folder() -> Path:
    """A folder below HOST_TMP that ends with this process."""
    return own_folder(HOST_TMP)
