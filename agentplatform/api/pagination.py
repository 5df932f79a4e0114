"""Lists in pages."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Newest first, by id: ids are ordered by time."""

    ordering = "-id"
    page_size = 50
