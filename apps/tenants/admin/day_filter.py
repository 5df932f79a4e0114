"""From one day to another, both included, in UTC."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateFilter


class DayFilter(RangeDateFilter):
    """Unfold's, for a time. What is no day does not filter."""

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        first, last = self._day("from"), self._day("to")
        if first is not None:
            rows = rows.filter(**{f"{self.field_path}__gte": first})
        if last is not None and last.date() < date.max:
            rows = rows.filter(**{f"{self.field_path}__lt": last + timedelta(days=1)})
        return rows

    def _day(self, end: str) -> datetime | None:
        text = self.used_parameters.get(f"{self.field_path}_{end}")
        try:
            return datetime.combine(date.fromisoformat(str(text)), time(), UTC)
        except ValueError:
            return None
