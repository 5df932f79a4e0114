"""Insert a row that people described, or say what is wrong with it."""

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models

from agentplatform.core.errors import Conflict, InvalidInput
from agentplatform.core.transactions import transaction


def insert(row: models.Model, *, taken: str) -> None:
    """Save a new row. Raises InvalidInput naming its fields, or Conflict(`taken`) for a second one.

    Opens a transaction of its own, so that the caller's outlives a lost race.
    """
    try:
        row.full_clean()
    except ValidationError as error:
        if "unique" in _codes(error):
            raise Conflict(taken) from error
        fields = error.message_dict
        detail = " ".join(fields.pop(NON_FIELD_ERRORS, ["Some fields are wrong."]))
        raise InvalidInput(detail, errors=fields) from error
    try:
        with transaction():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(taken) from error


def _codes(error: ValidationError) -> set[str]:
    return {inner.code or "" for inners in error.error_dict.values() for inner in inners}
