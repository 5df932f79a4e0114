"""The parts of a message, as the pipeline holds them."""

from collections.abc import Sequence

from apps.gateway.contracts import Part


def split_parts(parts: Sequence[Part], *, between: str = "\n") -> tuple[str, tuple[Part, ...]]:
    """A message's content, the texts of its parts; and its parts, if they are more than that."""
    said = between.join(part.text for part in parts if not part.is_shown)
    return said, () if all(part.is_plain for part in parts) else tuple(parts)
