"""Rows as plain values, for whoever takes them elsewhere."""

from collections.abc import Collection, Iterator
from typing import Any

from django.db.models import Model, QuerySet

BATCH = 100


def rows_of(rows: QuerySet[Any], *, leave_out: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """Every column of `rows` but those to `leave_out`, by primary key, read BATCH rows at a time.

    No transaction and no cursor stays open in between; what is added meanwhile may come too.
    """
    model: type[Model] = rows.model
    key = model._meta.pk.attname
    columns = [f.attname for f in model._meta.concrete_fields if f.attname not in leave_out]
    batches = rows.order_by("pk").values(*{key, *columns})
    batch = list(batches[:BATCH])
    while batch:
        for row in batch:
            yield {column: row[column] for column in columns}
        batch = list(batches.filter(pk__gt=batch[-1][key])[:BATCH])
