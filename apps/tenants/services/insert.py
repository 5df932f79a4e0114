"""Insert a row that people described, or say what is wrong with it."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from psycopg.errors import CheckViolation

from agentplatform.core.errors import Conflict, InvalidInput, PlatformError
from agentplatform.core.transactions import transaction


def insert(row: models.Model, *, taken: str) -> None:
    """Save a new row. Raises InvalidInput naming its fields, or Conflict(`taken`) for a second one.

    The database checks its constraints itself, at the insert. Opens a transaction of its own, so
    that the caller's outlives a refusal.
    """
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise InvalidInput("Some fields are wrong.", errors=error.message_dict) from error
    try:
        with transaction():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise _refusal(row, error, taken) from error


def _refusal(row: models.Model, error: IntegrityError, taken: str) -> PlatformError:
    cause = error.__cause__
    if not isinstance(cause, CheckViolation):
        return Conflict(taken)
    name = cause.diag.constraint_name
    broken = next(one for one in row._meta.constraints if one.name == name)
    return InvalidInput(str(broken.get_violation_error_message()))
