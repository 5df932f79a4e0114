"""Prices as files: CSV or JSON, in USD per million tokens."""

import csv
import io
import json
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from agentplatform.core.errors import InvalidInput
from agentplatform.core.money import NANOS_PER_USD, parse_usd
from apps.gateway.services.price_list import Price

Format = Literal["csv", "json"]
COLUMNS = (
    "provider", "model", "since", "until", "input", "output", "cached_input", "cache_write",
    "cache_write_hour", "reasoning", "prompts_above",
)  # fmt: skip
_REQUIRED = {"provider", "model", "since", "input", "output"}


def read_price_file(text: str, *, form: Format) -> list[Price]:
    """The prices of a file. Raises InvalidInput, which names each row that is wrong and why."""
    prices, errors = [], {}
    for name, row in _rows(text, form):
        try:
            prices.append(_price(row))
        except InvalidInput as error:
            errors[name] = error.errors["row"]
    if errors:
        raise InvalidInput("Some rows are wrong; nothing was imported.", errors=errors)
    if not prices:
        raise InvalidInput("There is no price in this file.")
    return prices


def write_price_file(prices: Iterable[Price], *, form: Format) -> str:
    """What read_price_file reads."""
    rows = [row_of(price) for price in prices]
    if form == "json":
        return json.dumps(rows, indent=2) + "\n"
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def usd_of(rate: int | None) -> str | None:
    """A rate as USD per million tokens, without needless zeros."""
    if rate is None:
        return None
    usd = (Decimal(rate) / NANOS_PER_USD).normalize()
    return f"{usd:f}"


def _rows(text: str, form: Format) -> list[tuple[str, dict[str, Any]]]:
    """Each row with its place in the file, by which an error names it."""
    if form == "csv":
        lines = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
        try:
            return [(f"line {lines.line_num}", row) for row in lines]
        except csv.Error as error:
            raise InvalidInput(f"Line {lines.line_num} is no CSV: {error}.") from error
    try:
        found = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise InvalidInput(f"This is no JSON: {error}.") from error
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise InvalidInput("Give a JSON list of objects, as `prices export` writes it.")
    return [(f"row {number}", row) for number, row in enumerate(found, start=1)]


def _price(row: dict[str, Any]) -> Price:
    problems: list[str] = []

    def take(column: str, read: Callable[[str], Any]) -> Any:
        value = row.get(column)
        text = "" if value is None else str(value).strip()
        if not text:
            if column in _REQUIRED:
                problems.append(f"{column} is missing.")
            return None
        try:
            return read(text)
        except (ValueError, ArithmeticError) as error:
            problems.append(f"{column}: {text!r} is no {_WHAT[read]}. {error}".strip())
            return None

    values = {
        "provider": take("provider", str),
        "model": take("model", str),
        "since": take("since", date.fromisoformat),
        "until": take("until", date.fromisoformat),
        "input_rate": take("input", parse_usd),
        "output_rate": take("output", parse_usd),
        "cached_rate": take("cached_input", parse_usd),
        "cache_write_rate": take("cache_write", parse_usd),
        "reasoning_rate": take("reasoning", parse_usd),
        "cache_write_hour_rate": take("cache_write_hour", parse_usd),
        "prompts_above": take("prompts_above", int) or 0,
    }
    surplus = [str(name) for name in row if name not in COLUMNS]
    if surplus:
        problems.append(f"There is no column {', '.join(surplus)}; there are {', '.join(COLUMNS)}.")
    if problems:
        raise InvalidInput("This row is wrong.", errors={"row": problems})
    return Price(**values)


_WHAT: dict[Callable[[str], Any], str] = {
    str: "text",
    date.fromisoformat: "day (2026-11-26)",
    parse_usd: "amount of USD",
    int: "number of tokens",
}


def row_of(price: Price) -> dict[str, str | None]:
    """The price by COLUMNS."""
    return {
        "provider": price.provider,
        "model": price.model,
        "since": str(price.since),
        "until": None if price.until is None else str(price.until),
        "input": usd_of(price.input_rate),
        "output": usd_of(price.output_rate),
        "cached_input": usd_of(price.cached_rate),
        "cache_write": usd_of(price.cache_write_rate),
        "reasoning": usd_of(price.reasoning_rate),
        "cache_write_hour": usd_of(price.cache_write_hour_rate),
        "prompts_above": str(price.prompts_above) if price.prompts_above else None,
    }
