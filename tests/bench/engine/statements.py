"""What PostgreSQL is sent: every statement that it logs, by the process that sent it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

SETTINGS = {"log_statement": "all", "log_line_prefix": "%a|"}
_START = re.compile(r"^(?P<who>[\w\[\]]*)\|\w+:  (?P<text>.*)$")
_STATEMENT = re.compile(r"^(?:statement|execute [^:]*): ")

Statements = Mapping[str, Counter[str]]
"""How often each text was sent, by PGAPPNAME."""


@contextmanager
def logged_statements(database: "psycopg.Connection[Any]") -> Iterator[Statements]:
    """Filled at the end of the block with what was sent within it."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    log = log_of(database)
    _set(database, SETTINGS)
    begin = log.stat().st_size
    try:
        yield found
    finally:
        _set(database, dict.fromkeys(SETTINGS))
    with log.open() as file:
        file.seek(begin)
        for who, sql in _read(file):
            found[who][shorten(sql)] += 1


def data_folder(database: "psycopg.Connection[Any]") -> Path:
    """Where the server keeps its data."""
    row = database.execute("select current_setting('data_directory')").fetchone()
    assert row is not None
    return Path(row[0])


def log_of(database: "psycopg.Connection[Any]") -> Path:
    """The log that agentplatform.embedded.with_servers has the server write."""
    return data_folder(database).with_name("postgres.log")


def shorten(sql: str) -> str:
    """The statement without the values and the columns that differ between two of a kind."""
    sql = re.sub(r"'(?:[^']|'')*'(?:::\w+(?:\[\])?)?", "?", sql)
    sql = re.sub(r"\b\d+\b", "?", sql)
    sql = re.sub(r'^(SELECT (?:DISTINCT ON \([^)]*\) )?)"[^*]*? FROM ', r"\1... FROM ", sql)
    sql = re.sub(r"\bVALUES .*", "VALUES ...", sql)
    sql = re.sub(r'"s\d+_x\d+"', "...", sql)
    return " ".join(sql.split())


def _set(database: "psycopg.Connection[Any]", settings: Mapping[str, str | None]) -> None:
    for name, value in settings.items():
        change = f"reset {name}" if value is None else f"set {name} = '{value}'"
        database.execute(f"alter system {change}".encode())
    database.execute("select pg_reload_conf()")


def _read(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Who sent it, and the text; one that goes over several lines has them joined."""
    who, text = "", ""
    for line in lines:
        if match := _START.match(line):
            if text:
                yield who, text
            said = match["text"]
            text = _STATEMENT.sub("", said) if _STATEMENT.match(said) else ""
            who = match["who"]
        elif text:
            text += " " + line.strip()
    if text:
        yield who, text
