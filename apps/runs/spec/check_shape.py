"""Errors of a spec's shape in plain words, and what is left of the spec without them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from apps.runs.spec.document import Spec
from apps.runs.spec.kinds import SpecStep

_STEP: Final[TypeAdapter[Any]] = TypeAdapter(SpecStep)
_FIELDS: Final[dict[str, list[str]]] = {
    get_args(step.model_fields["kind"].annotation)[0]: [
        field.alias or name for name, field in step.model_fields.items()
    ]
    for step in get_args(get_args(SpecStep)[0])
}
_ORDERING = frozenset({"name", "needs", "on_failure", "branches", "else"})
"""Fields that say which steps there are and when they start."""
_FORMS = frozenset({"constrained-str", "float", "str", "Goto"})
"""What pydantic adds to the path of a field that may have several forms."""
_WORDS = {
    **dict.fromkeys(
        ("model_type", "model_attributes_type", "dict_type"), "Input should be an object"
    ),
    "tuple_type": "Input should be a list",
    "extra_forbidden": "There is no such field",
    "string_pattern_mismatch": "Use lower-case letters, digits and underscores, a letter first, at "
    "most 63",
}


def shape_errors(error: ValidationError, document: Any) -> dict[str, list[str]]:
    """Pydantic's errors by path, with steps named instead of numbered."""
    errors: dict[str, list[str]] = defaultdict(list)
    for item in _found(error):
        errors[_path(item, document)].append(_said(item))
    return errors


def without_errors(error: ValidationError, document: Any) -> tuple[Spec, frozenset[str]] | None:
    """The spec without the fields that are wrong, so that the rest of it can be checked too, and
    the names of the steps that lack some; None where it cannot be told when steps start."""
    wrong: dict[int, set[str]] = defaultdict(set)
    kept = dict(document) if isinstance(document, dict) else {}
    for item in _found(error):
        match item["loc"]:
            case ("steps", int(position), *inside):
                wrong[position].add(_field(inside, document["steps"][position]))
            case (str(field), *_) if field != "steps":
                kept.pop(field, None)
            case _:
                return None
    given = kept.get("steps", ())
    steps = [_sound(step, wrong[at]) if at in wrong else step for at, step in enumerate(given)]
    try:
        spec = Spec.model_validate({**kept, "steps": steps})
    except ValidationError:
        return None
    return spec, frozenset(spec.steps[position].name for position in wrong)


def _found(error: ValidationError) -> list[ErrorDetails]:
    """Pydantic does not count wrong items, so a list of wrong items seems too short as well."""
    found = error.errors(include_url=False)
    inside = {e["loc"][:depth] for e in found for depth in range(len(e["loc"]))}
    return [e for e in found if not (e["type"] == "too_short" and e["loc"] in inside)]


def _sound(step: Any, wrong: set[str]) -> Any:
    """The step without its wrong fields; where none is left, one that only holds its place; None,
    which no spec takes, where its place is not known."""
    if not isinstance(step, dict) or wrong & _ORDERING:
        return None
    rest = {name: value for name, value in step.items() if name not in wrong}
    if not wrong & {"", "process", "manager"}:
        try:
            _STEP.validate_python(rest)
        except ValidationError:
            pass
        else:
            return rest
    if "branches" in step:
        return None
    place = {name: rest[name] for name in ("name", "needs", "when", "on_failure") if name in rest}
    return {**place, "kind": "wait", "seconds": 1}


def _field(inside: Sequence[int | str], step: Any) -> str:
    """The field of a step that an error inside of it is about; "" is the step as a whole."""
    fields = inside[1:] if inside and inside[0] == _kind_of(step) else inside
    return str(fields[0]) if fields else ""


def _kind_of(step: Any) -> Any:
    return step.get("kind") if isinstance(step, dict) else None


def _path(error: ErrorDetails, document: Any) -> str:
    location = error["loc"]
    parts = [str(part) for part in location]
    if len(parts) > 1 and parts[0] == "steps" and isinstance(location[1], int):
        step = document["steps"][location[1]]
        name = step.get("name") if isinstance(step, dict) else None
        parts[1] = name if isinstance(name, str) and name else f"[{location[1]}]"
        if len(parts) > 2 and parts[2] == _kind_of(step):
            del parts[2]
    is_field = error["type"] in ("missing", "extra_forbidden")
    parts = [
        part
        for position, part in enumerate(parts)
        if position < 3 or (is_field and position == len(parts) - 1) or not _is_form(part)
    ]
    if error["type"].startswith("union_tag_"):
        parts.append("kind")
    return ".".join(parts) or "spec"


def _is_form(part: str) -> bool:
    return part in _FORMS or part.startswith(("literal[", "tuple["))


def _said(error: ErrorDetails) -> str:
    kind, location = error["type"], error["loc"]
    if kind == "union_tag_not_found":
        return "Field required"
    if kind == "union_tag_invalid":
        told = error["ctx"]
        kinds = told["expected_tags"].replace("'", "")
        return f"There is no kind `{told['tag']}`; there are {kinds}"
    if kind == "extra_forbidden" and len(location) == 4 and location[2] in _FIELDS:
        fields = ", ".join(_FIELDS[str(location[2])])
        return f"There is no such field; of the kind `{location[2]}` there are {fields}"
    said = error["msg"].removeprefix("Value error, ").removesuffix(".")
    return _WORDS.get(kind, said.replace("Tuple", "The list").replace(" after validation", ""))
