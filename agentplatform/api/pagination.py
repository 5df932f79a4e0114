"""Lists in pages."""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound as NoCursor
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

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

    def get_schema_operation_parameters(
        self,
        view: Any,  # noqa: ARG002
    ) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size}
        return [
            _parameter(self.cursor_query_param, {"type": "string"}, "Part of `next`; follow that."),
            _parameter("page_size", size | {"default": self.page_size}, "How many a page has."),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}


class PagedView(APIView):
    """A view whose GET is a list in pages; the OpenAPI document reads that off the class."""

    pagination_class = NewestFirst

    def answer_page(
        self,
        request: Request,
        rows: QuerySet[Any],
        read: type[BaseSerializer[Any]],
        *,
        show: Callable[[list[Any]], Iterable[Any]] = list,
    ) -> Response:
        """The page of `rows` that `request` asks for; `show` makes of them what `read` reads."""
        pages = self.pagination_class()
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response(read(list(show(page)), many=True).data)


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


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
