"""Read inputs/data.csv. Put before each program of the sample task."""

import csv
import datetime
import json
import math
import sys
from pathlib import Path

DATE_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%dT%H:%M:%S", "%b %d %Y")


def read_table():
    """The names of the columns and the rows, as they stand. Ends the program for what is no CSV."""
    data = Path("inputs/data.csv").read_bytes()
    if not data.strip():
        sys.exit("The CSV file is empty.")
    if b"\x00" in data:
        sys.exit("The file is binary, not CSV text.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    lines = text.splitlines()
    delimiter = max(",;\t|", key=lines[0].count)
    rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    if len(rows) < 2:
        sys.exit("The CSV file has a header at most; it needs at least one row of data.")
    return [name.strip() or f"column_{i + 1}" for i, name in enumerate(rows[0])], rows[1:]


def number(text):
    """The finite number that `text` is, or None."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def date(text):
    """The date that `text` is, or None."""
    for form in DATE_FORMS:
        try:
            return datetime.datetime.strptime(str(text)[:19], form)
        except ValueError:
            continue
    return None
