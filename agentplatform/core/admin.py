"""What the admins of all apps share."""

import json
from typing import Any, Final
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html

NOTHING: Final = "–"
_LINK = "text-primary-600 dark:text-primary-500"

STATUS_COLORS: Final = {
    "COMPLETED": "success",
    "SUCCESS": "success",
    "success": "success",
    "RUNNING": "info",
    "FAILED": "danger",
    "TIMEOUT": "danger",
    "error": "danger",
    "CANCELLED": "warning",
}
"""Of the states of runs, steps, calls and attempts; the others have none."""


class ReadOnly:
    """Mixed into an admin or an inline: rows that only the platform writes, to look at."""

    def has_add_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        return False


def as_block(value: Any) -> str:
    """Text as it is, JSON spread over lines."""
    if value in (None, ""):
        return NOTHING
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre style="white-space: pre-wrap">{}</pre>', text)


def as_link(page: str, pk: UUID | int | None, text: str = "") -> str:
    """What leads to a row's page, such as `runs_run`, in the admin of whatever app it is; its id
    unless there is a `text`."""
    if pk is None:
        return NOTHING
    address = reverse(f"admin:{page}_change", args=[pk])
    return format_html('<a class="{}" href="{}">{}</a>', _LINK, address, text or pk)
