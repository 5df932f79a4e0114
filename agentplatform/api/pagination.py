"""Lists in pages."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class NewestFirst(CursorPagination):
    """Newest first, by id: ids are ordered by time, so a page stays the same while rows arrive.

    A cursor that was not handed out is 404.
    """

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        _check_position(queryset.model, self.decode_cursor(request))
        return super().paginate_queryset(queryset, request, view)


def _check_position(model: type[Model], cursor: Any) -> None:
    """What a cursor holds is the client's text until it is found to be an id."""
    if cursor is None or cursor.position is None:
        return
    try:
        model._meta.pk.to_python(cursor.position)
    except (ValidationError, ValueError) as error:
        raise NotFound("This cursor is none.") from error
