"""Lists in pages."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from rest_framework.exceptions import NotFound as NoCursor
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from agentplatform.core.errors import InvalidInput, NotFound

_LONGEST_NUMBER = 10


class NewestFirst(CursorPagination):
    """Newest first, by id: ids are ordered by time, so a page stays the same while rows arrive.

    A cursor that was not handed out is 404, a page size that is no size 422.
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

    def decode_cursor(self, request: Request) -> Cursor | None:
        try:
            return super().decode_cursor(request)
        except NoCursor as error:
            raise _none_of_ours() from error

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get(self.page_size_query_param)
        if given is None:
            return self.page_size
        is_size = given.isascii() and given.isdigit() and len(given) < _LONGEST_NUMBER
        if not is_size or not 1 <= int(given) <= self.max_page_size:
            raise InvalidInput(
                "This is no size of a page.",
                errors={self.page_size_query_param: [f"Use 1 to {self.max_page_size}."]},
            )
        return int(given)


def _none_of_ours() -> NotFound:
    return NotFound("This cursor was not handed out here; follow `next`, or begin without one.")


def _check_position(model: type[Model], cursor: Any) -> None:
    """What a cursor holds is the client's text until it is found to be an id."""
    if cursor is None or cursor.position is None:
        return
    try:
        model._meta.pk.to_python(cursor.position)
    except (ValidationError, ValueError) as error:
        raise _none_of_ours() from error
