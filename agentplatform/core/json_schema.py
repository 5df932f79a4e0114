"""JSON schemas that tenants and models write (draft 2020-12), applied without trusting them.

No reference leaves the schema, so nothing is ever fetched; a pattern has a time limit; references
and checks are counted. Whatever a schema makes a validator do, the answer is a list of sentences.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import Any

import regex
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from agentplatform.core.metaschema import find_metaschema_breach
from agentplatform.core.schema_breach import explain_breach

MAX_ERRORS = 50
MAX_MESSAGE = 500
MAX_REFERENCES = 100_000
MAX_CHECKS = 1_000_000
"""Keywords that are applied to values; each value of an enum is one more."""
PATTERN_SECONDS = 0.1

_INDEX = re.compile(r"\.(\d+)(?=\.|$)")
_references_left: ContextVar[list[int]] = ContextVar("references_left")
_checks_left: ContextVar[list[int]] = ContextVar("checks_left")


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """Where a value breaks its schema ("findings.0"; "" is the value itself) and how."""

    path: str
    message: str

    def under(self, name: str = "") -> str:
        """The sentence about the value of this name, `arguments.findings[0]: ...`, or of none."""
        place = _INDEX.sub(r"[\1]", f".{self.path}") if self.path else ""
        place = f"{name}{place}".removeprefix(".")
        return f"{place}: {self.message}" if place else self.message


class _Unusable(Exception):
    """The schema cannot be applied to this value within bounds."""


def find_schema_problem(schema: Any) -> str | None:
    """A sentence on what is wrong with the schema itself; None when it can be used."""
    if not isinstance(schema, dict):
        return "a JSON schema is an object"
    try:
        error = find_metaschema_breach(schema)
    except RecursionError:
        return "it is nested too deeply"
    if error is not None:
        return f"{error.json_path}: {error.message}"[:MAX_MESSAGE]
    return next(_unsafe_parts(schema, schema), None)


def find_mismatches(value: Any, schema: dict[str, Any]) -> list[Mismatch]:
    """How `value` breaks `schema`, at most MAX_ERRORS; empty when it satisfies it.

    A schema that find_schema_problem refuses may be given: then that is the mismatch.
    """
    return [_mismatch([error]) for error in _errors(value, schema)]


def find_mismatch(value: Any, schema: dict[str, Any]) -> Mismatch | None:
    """The most telling one of the mismatches."""
    errors = _errors(value, schema)
    return _mismatch(errors) if errors else None


def _mismatch(errors: list[ValidationError]) -> Mismatch:
    path, sentence = explain_breach(errors)
    return Mismatch(path=".".join(map(str, path)), message=_shorten(sentence))


def _shorten(message: str) -> str:
    if len(message) <= MAX_MESSAGE:
        return message
    half = MAX_MESSAGE // 2
    return f"{message[:half]} ... {message[-half:]}"


def _errors(value: Any, schema: dict[str, Any]) -> list[ValidationError]:
    token = _references_left.set([MAX_REFERENCES])
    checks = _checks_left.set([MAX_CHECKS])
    try:
        validator = _Validator(schema, registry=Registry())
        return list(islice(validator.iter_errors(value), MAX_ERRORS))
    except (_Unusable, Unresolvable, RecursionError, regex.error) as error:
        reason = str(error) or "it refers to itself without end"
        return [ValidationError(f"the schema cannot be applied: {reason}")]
    finally:
        _references_left.reset(token)
        _checks_left.reset(checks)


def _unsafe_parts(part: Any, schema: dict[str, Any]) -> Iterator[str]:
    """What the metaschema lets pass: foreign or dangling references, unbounded patterns, anchors,
    for each of whose uses the library reads the whole schema."""
    if isinstance(part, list):
        for item in part:
            yield from _unsafe_parts(item, schema)
    if not isinstance(part, dict):
        return
    for key, item in part.items():
        if key in ("$ref", "$dynamicRef") and isinstance(item, str):
            yield from _reference_problem(item, schema)
        elif key in ("$anchor", "$dynamicAnchor") and isinstance(item, str):
            yield f"{key} is not supported; refer to it as #/$defs/NAME"
        elif key == "patternProperties":
            yield "patternProperties is not supported; use propertyNames or additionalProperties"
        elif key not in ("const", "enum", "default", "examples"):
            yield from _unsafe_parts(item, schema)


def _reference_problem(reference: str, schema: dict[str, Any]) -> Iterator[str]:
    if not reference.startswith("#"):
        yield f"$ref {reference!r} leaves the schema; put what it names into $defs"
        return
    if reference != "#" and not reference.startswith("#/"):
        yield f"$ref {reference!r} names an anchor; refer to #/$defs/NAME"
        return
    try:
        Registry().with_resource("", DRAFT202012.create_resource(schema)).resolver().lookup(
            reference
        )
    except (Unresolvable, ValueError):
        yield f"$ref {reference!r} points to nothing"


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if not isinstance(value, str):
        return
    try:
        found = regex.search(pattern, value, timeout=PATTERN_SECONDS)
    except TimeoutError:
        yield ValidationError(f"the pattern {pattern!r} takes too long on this text")
        return
    if found is None:
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _unique_items(_validator: Any, wanted: Any, value: Any, _schema: Any) -> Iterator[Any]:
    """The library compares each with each."""
    if wanted and isinstance(value, list) and len(set(map(_told_apart, value))) < len(value):
        yield ValidationError("the list has items that are equal")


def _told_apart(item: Any) -> str:
    """One text for values that are equal: 1 and 1.0 are, 1 and true are not."""
    return json.dumps(_with_whole_numbers(item), sort_keys=True)


def _with_whole_numbers(item: Any) -> Any:
    if isinstance(item, dict):
        return {name: _with_whole_numbers(value) for name, value in item.items()}
    if isinstance(item, list):
        return [_with_whole_numbers(value) for value in item]
    return int(item) if isinstance(item, float) and item.is_integer() else item


def _counted(check: Callable[..., Any]) -> Callable[..., Any]:
    """The same check of a keyword, within MAX_CHECKS."""

    def counted(validator: Any, given: Any, value: Any, schema: Any) -> Any:
        left = _checks_left.get()
        left[0] -= len(given) if isinstance(given, list) else 1
        if left[0] < 0:
            raise _Unusable(f"it takes more than {MAX_CHECKS} checks")
        return check(validator, given, value, schema)

    return counted


def _refuse_pattern_properties(*_: Any) -> Iterator[ValidationError]:
    raise _Unusable("patternProperties is not supported")


def _reference(
    validator: Any, reference: str, value: Any, schema: Any
) -> Iterator[ValidationError]:
    left = _references_left.get()
    left[0] -= 1
    if left[0] < 0:
        raise _Unusable(f"it takes more than {MAX_REFERENCES} references")
    yield from Draft202012Validator.VALIDATORS["$ref"](validator, reference, value, schema)


_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        keyword: _counted(check)
        for keyword, check in {
            **Draft202012Validator.VALIDATORS,
            "pattern": _pattern,
            "patternProperties": _refuse_pattern_properties,
            "uniqueItems": _unique_items,
            "$ref": _reference,
        }.items()
    },
)
