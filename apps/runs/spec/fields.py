"""What the objects of a spec are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Expression = Annotated[
    str, Field(description="JMESPath over {input, steps, run}.", max_length=4096)
]


class Node(BaseModel):
    """Every object of a spec: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
