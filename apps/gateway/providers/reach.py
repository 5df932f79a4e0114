"""How a provider is reached."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A stream may be silent for `idle_seconds` once its answer has begun. If `is_public_only`,
    addresses outside of the public Internet are refused."""

    idle_seconds: float = 30.0
    is_public_only: bool = False


REACH: Final = Reach()
