"""The path /box of programs that have no mount namespace of their own."""

from pathlib import Path

from apps.tools.runners.confine.checks import LASTING_DESCRIPTOR

BOX_TARGET = f"/proc/self/fd/{LASTING_DESCRIPTOR}"
_BOX = Path("/box")


def link_box() -> bool:
    """Make /box lead each program to its own work folder, which it holds open. Whether it does."""
    try:
        if not _BOX.is_symlink():
            _BOX.symlink_to(BOX_TARGET)
        return str(_BOX.readlink()) == BOX_TARGET
    except OSError:
        return False
