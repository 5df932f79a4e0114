"""`manage.py prices import FILE | list | export`: what models cost."""

import sys
from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from apps.gateway.models import ModelPrice
from apps.gateway.services.change_prices import price_of_row, set_prices
from apps.gateway.services.price_files import (
    COLUMNS,
    Format,
    read_price_file,
    row_of,
    write_price_file,
)
from apps.gateway.services.price_list import Price


class Command(PlatformCommand):
    """A price of the same provider, model, first day and length of prompts replaces the one that is
    there."""

    help = "Import, list and export prices, in USD per million tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        take = actions.add_parser("import", help="add the prices of a file, all or none")
        take.add_argument("file", help=f"CSV or JSON with {', '.join(COLUMNS)}; - reads CSV")
        show = actions.add_parser("list", help="show prices")
        show.add_argument("--model", default="", help="only models whose name begins like this")
        show.add_argument("--at", type=_day, metavar="DAY", help="only what holds on this day")
        give = actions.add_parser("export", help="write what import reads to standard output")
        give.add_argument("--format", choices=("csv", "json"), default="csv")

    def handle(self, **options: Any) -> None:
        getattr(self, f"_{options['action']}")(options)

    def _import(self, options: dict[str, Any]) -> None:
        text, form = _content(options["file"])
        done = set_prices(read_price_file(text, form=form), at=now())
        self.stdout.write(
            f"{done.added} added, {done.changed} changed, {done.kept} were there already"
        )

    def _list(self, options: dict[str, Any]) -> None:
        day, prefix = options["at"], options["model"]
        rows = [COLUMNS, *(_cells(price) for price in _prices(prefix, day))]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())

    def _export(self, options: dict[str, Any]) -> None:
        self.stdout.write(write_price_file(_prices("", None), form=options["format"]), ending="")


def _prices(prefix: str, day: date | None) -> list[Price]:
    prices = [price_of_row(row) for row in ModelPrice.objects.filter(model__startswith=prefix)]
    if day is None:
        return prices
    newest: dict[tuple[str, str, int], Price] = {}
    for price in prices:  # newest first within a model
        if price.since <= day:
            newest.setdefault((price.provider, price.model, price.prompts_above), price)
    return [price for price in newest.values() if price.holds_on(day)]


def _cells(price: Price) -> tuple[str, ...]:
    return tuple(cell or "-" for cell in row_of(price).values())


def _content(name: str) -> tuple[str, Format]:
    if name == "-":
        return sys.stdin.read(), "csv"
    path = Path(name)
    if path.suffix not in (".csv", ".json"):
        raise CommandError("Give a file that ends in .csv or .json.")
    try:
        return path.read_text(encoding="utf-8"), "csv" if path.suffix == ".csv" else "json"
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} cannot be read: {error}") from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no day; write 2026-11-26.") from error
