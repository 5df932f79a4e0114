"""Say in one sentence where and how a value breaks a JSON schema."""

from collections.abc import Sequence
from typing import Any

from jsonschema.exceptions import ValidationError, relevance

_CHOICES = frozenset({"anyOf", "oneOf"})
_MOST_NAMES = 40

Breach = tuple[Sequence[str | int], str]
"""The way to the place, and what is wrong there."""


def explain_breach(errors: Sequence[ValidationError]) -> Breach:
    """What the clearest of the validator's errors, of which there is one, comes down to.

    Of alternatives that a constant tells apart, as in `{"kind": {"const": "a"}, ...}`, the one that
    the value means is explained, or the constants that it could have; of others, what each lacks,
    but for the alternative null.
    """
    error = _clearest(errors)
    while error.validator in _CHOICES and error.context:
        branches = _branches(error)
        branches = [one for one in branches if not _is_null(one)] or branches
        meant = [one for one in branches if not any(map(_tells_apart, one))]
        if not meant:
            return _wrong_constant(error)
        shared = _shared(meant)
        if not shared:
            return error.absolute_path, _no_alternative(meant)
        error = _clearest(shared)
    return error.absolute_path, _sentence(error)


def _branches(error: ValidationError) -> list[list[ValidationError]]:
    """The errors of each alternative."""
    by_branch: dict[Any, list[ValidationError]] = {}
    for one in error.context or ():
        by_branch.setdefault(one.relative_schema_path[0], []).append(one)
    return list(by_branch.values())


def _tells_apart(error: ValidationError) -> bool:
    """Whether a constant within the value says that it means another alternative."""
    return error.validator == "const" and bool(error.relative_path)


def _is_null(errors: list[ValidationError]) -> bool:
    return [(one.validator, one.validator_value) for one in errors] == [("type", "null")]


def _shared(branches: list[list[ValidationError]]) -> list[ValidationError]:
    """The errors that every alternative has."""
    said = set.intersection(*({_told(one) for one in errors} for errors in branches))
    return [one for one in branches[0] if _told(one) in said]


def _told(error: ValidationError) -> tuple[str, str]:
    return error.json_path, error.message


def _no_alternative(branches: list[list[ValidationError]]) -> str:
    return "; or ".join(dict.fromkeys(_sentence(_clearest(errors)) for errors in branches))


def _clearest(errors: Sequence[ValidationError]) -> ValidationError:
    return max(errors, key=relevance)


def _wrong_constant(error: ValidationError) -> Breach:
    wrong = [one for one in error.context or () if _tells_apart(one)]
    known = ", ".join(str(one.validator_value) for one in wrong)
    return wrong[0].absolute_path, f"{str(wrong[0].instance)[:100]!r} is none of {known}"


def _sentence(error: ValidationError) -> str:
    """The validator's own, with the names that there are where one is unknown."""
    schema = error.schema
    known = schema.get("properties", {}) if isinstance(schema, dict) else {}
    if error.validator == "additionalProperties" and 0 < len(known) <= _MOST_NAMES:
        return f"{error.message}; there are {', '.join(known)}"
    return error.message
