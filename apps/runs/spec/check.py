"""Everything that can be known to be wrong with a spec before it runs, all at once."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from pydantic import ValidationError

from apps.runs.contracts import InvalidSpec
from apps.runs.spec.check_arguments import argument_errors
from apps.runs.spec.check_catalogue import Catalogue, catalogue_errors, schema_errors
from apps.runs.spec.check_expressions import expression_errors, show_errors
from apps.runs.spec.check_order import cycle_errors, name_errors, reach_errors
from apps.runs.spec.check_shape import shape_errors, without_errors
from apps.runs.spec.document import Spec


def parse_spec(document: Any, *, catalogue: Catalogue) -> Spec:
    """The spec of `document` (decoded JSON). Raises InvalidSpec with every error found."""
    try:
        spec = Spec.model_validate(document)
    except ValidationError as error:
        errors = shape_errors(error, document)
        if rest := without_errors(error, document):
            for path, message in _meaning_errors(rest[0], catalogue, lacking=rest[1]):
                errors.setdefault(path, []).append(message)
        raise InvalidSpec(errors) from error
    found: dict[str, list[str]] = defaultdict(list)
    for path, message in _meaning_errors(spec, catalogue):
        found[path].append(message)
    if found:
        raise InvalidSpec(found)
    return spec


def _meaning_errors(
    spec: Spec, catalogue: Catalogue, *, lacking: Collection[str] = ()
) -> Iterator[tuple[str, str]]:
    """What is wrong with a spec of the right shape, some of whose steps are `lacking` fields."""
    yield from name_errors(spec)
    yield from cycle_errors(spec)
    yield from reach_errors(spec)
    yield from catalogue_errors(spec, catalogue)
    yield from schema_errors(spec, lacking)
    yield from argument_errors(spec, catalogue)
    yield from expression_errors(spec, lacking)
    yield from show_errors(spec)
