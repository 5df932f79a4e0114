"""The sample task: a data analyst. It reads a CSV file and a question and makes a report page."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
TASK_NAME = "data-analyst"
DEFAULT_QUESTION = "How do the seasons shape the weather in Seattle?"


def build_spec() -> dict[str, Any]:
    """The spec of the task, with the files that it names (`@page.html`) put in their place."""
    spec: dict[str, Any] = _include(json.loads((FOLDER / "data_analyst.json").read_text()))
    return spec


def default_input() -> Path:
    """Daily weather of Seattle, 2012 to 2015: a public data set that a package ships.

    Raises FileNotFoundError when the package is not installed.
    """
    package = find_spec("vega_datasets")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("The package vega-datasets is not installed; run `make setup`.")
    return Path(package.submodule_search_locations[0]) / "_data" / "seattle-weather.csv"


def _include(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _include(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_include(item) for item in value]
    if isinstance(value, str) and value.startswith("@"):
        texts = [(FOLDER / name[1:]).read_text() for name in value.split()]
        return "\n\n".join(texts).replace("{{", r"\{{")
    return value
