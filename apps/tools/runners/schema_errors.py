"""Say in one sentence how a value breaks a JSON schema."""

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

_CHOICES = {"anyOf", "oneOf"}


def explain_breach(schema: dict[str, Any], value: Any) -> tuple[str, str] | None:
    """The place of the clearest breach, as `.a[1].b`, and what is wrong there; None without one.

    Of alternatives that a constant tells apart, as in `{"kind": {"const": "a"}, ...}`, the one that
    the value means is explained, or the constants that it could have.
    """
    error = best_match(Draft202012Validator(schema).iter_errors(value))
    if error is None:
        return None
    while error.validator in _CHOICES and error.context:
        meant = _meant(error)
        if meant is None:
            return _wrong_constant(error)
        if not meant:
            break
        error = best_match(iter(meant))
        assert error is not None
    return _said(error)


def _meant(error: ValidationError) -> list[ValidationError] | None:
    """The errors of the only alternative whose constants fit, or those that all such alternatives
    share; None when every alternative has a constant that does not fit."""
    by_branch: dict[Any, list[ValidationError]] = {}
    for one in error.context or ():
        by_branch.setdefault(one.schema_path[0], []).append(one)
    fitting = [
        errors for errors in by_branch.values() if all(one.validator != "const" for one in errors)
    ]
    if not fitting:
        return None
    shared = set.intersection(*({_said(one) for one in errors} for errors in fitting))
    return [one for one in fitting[0] if _said(one) in shared]


def _said(error: ValidationError) -> tuple[str, str]:
    return _place(error), error.message


def _wrong_constant(error: ValidationError) -> tuple[str, str]:
    wrong = [one for one in error.context or () if one.validator == "const"]
    known = ", ".join(str(one.validator_value) for one in wrong)
    return _place(wrong[0]), f"{str(wrong[0].instance)[:100]!r} is none of {known}"


def _place(error: ValidationError) -> str:
    return error.json_path.removeprefix("$")
