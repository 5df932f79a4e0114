"""The tools that an operator's packages bring: entry points of the group `agentplatform.tools`.

A package is imported when one of its tools is described or called. One that cannot be imported, or
brings something else than a tool, is named in the log and in its calls' failures; the others work.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import structlog

from agentplatform.core.json_schema import find_schema_problem
from apps.tools.contracts import ToolDescription
from apps.tools.extension import MAX_TIMEOUT_SECONDS, OperatorTool
from apps.tools.runners.operator.run import may_repeat, run_operator_tool
from apps.tools.runners.work import Ran, Tool, ToolFailure, Work

log = structlog.get_logger("tools")

GROUP: Final = "agentplatform.tools"
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,62}")


class ToolBroken(Exception):
    """The package's tool cannot be used; the text says of which package and why."""


@dataclass(frozen=True)
class Installed:
    """The tools of the packages, by name, without those whose name is `taken`."""

    taken: frozenset[str]

    def names(self) -> Collection[str]:
        """Of all that are installed, broken or not. Imports none."""
        return _entries(self.taken).keys()

    def find(self, name: str) -> Tool | None:
        """The tool; one that is broken fails its calls. None: no package brings it."""
        if name not in self.names():
            return None
        try:
            return _load(name, self.taken)
        except ToolBroken as error:
            return _broken(name, str(error))

    def describe(self, name: str) -> ToolDescription | None:
        """What the tool is; None if it is broken or not there."""
        try:
            return _load(name, self.taken).description if name in self.names() else None
        except ToolBroken:
            return None

    def problems(self) -> dict[str, str | None]:
        """What is wrong with each tool that a package brings; None: nothing. Imports all."""
        return {
            entry.name: _refusal(entry, self.taken) or _problem_of(entry)
            for entry in entry_points(group=GROUP)
        }


def forget_installed() -> None:
    """Look again at what is installed, as a new process would."""
    _entries.cache_clear()
    _loaded.cache_clear()


@cache
def _entries(taken: frozenset[str]) -> dict[str, EntryPoint]:
    """Of two with one name the one that Python would import first."""
    entries: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        if reason := _refusal(entry, taken):
            log.error("tool.refused", tool=entry.name, package=_package(entry), reason=reason)
        else:
            entries.setdefault(entry.name, entry)
    return entries


def _refusal(entry: EntryPoint, taken: frozenset[str]) -> str | None:
    """Why no tool can have this name, if so."""
    if not _NAME.fullmatch(entry.name) or "__" in entry.name:
        reason = "a letter, then at most 62 letters, digits, _ and -, never two _ in a row"
    elif entry.name in taken:
        reason = "a built-in tool has the name"
    else:
        return None
    return f"The package {_package(entry)} must name it otherwise: {reason}."


def _problem_of(entry: EntryPoint) -> str | None:
    found = _loaded(entry)
    return found if isinstance(found, str) else None


def _load(name: str, taken: frozenset[str]) -> Tool:
    found = _loaded(_entries(taken)[name])
    if isinstance(found, str):
        raise ToolBroken(found)
    return found


@cache
def _loaded(entry: EntryPoint) -> Tool | str:
    """The tool, or what is wrong with it."""
    try:
        given = entry.load()
        problem = _problem(given)
    except (Exception, SystemExit) as error:
        problem = f"{type(error).__name__}: {error}"[:500]
    if problem is not None:
        log.error("tool.broken", tool=entry.name, package=_package(entry), reason=problem)
        return (
            f"The tool `{entry.name}` of the package {_package(entry)} cannot be used: {problem}."
        )
    return _tool(entry, given)


def _problem(given: Any) -> str | None:
    if not isinstance(given, OperatorTool):
        return "the entry point names no apps.tools.extension.OperatorTool"
    for field in ("parameters", "result"):
        schema = getattr(given, field)
        if schema is not None and (reason := find_schema_problem(schema)):
            return f"`{field}` is no JSON schema: {reason}"
    if given.parameters.get("type") != "object":
        return "`parameters` is not the schema of an object"
    if not 0 < given.timeout_seconds <= MAX_TIMEOUT_SECONDS:
        return f"`timeout_seconds` is not between 0 and {MAX_TIMEOUT_SECONDS:g}"
    return None


def _tool(entry: EntryPoint, given: OperatorTool) -> Tool:
    return Tool(
        description=ToolDescription(
            name=entry.name,
            description=given.description,
            parameters=given.parameters,
            result=given.result,
            source="operator",
        ),
        run=partial(run_operator_tool, name=entry.name, named=entry.value, tool=given),
        is_repeatable=partial(may_repeat, given),
        goes_out=lambda _: False,
    )


def _broken(name: str, detail: str) -> Tool:
    def refuse(_: Work) -> Ran:
        raise ToolFailure("tool_broken", detail)

    return Tool(
        description=ToolDescription(name=name, description="", parameters={"type": "object"}),
        run=refuse,
    )


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
