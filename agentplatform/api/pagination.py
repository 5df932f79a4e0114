"""Lists in pages."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Newest first, by id: ids are ordered by time, so a page stays the same while rows arrive."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
