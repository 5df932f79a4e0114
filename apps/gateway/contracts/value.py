"""What all values that cross the border of the gateway have in common."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Never changed, and with no field that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")
