"""The parts of a message, as the pipeline holds them."""

from collections.abc import Sequence

from apps.gateway.contracts import Part


def split_parts(parts: Sequence[Part], *, between: str = "\n") -> tuple[str, tuple[Part, ...]]:
    """A message's content, the texts of its parts; and its parts, if there are images."""
    said = between.join(part.text for part in parts if part.image_url is None)
    has_images = any(part.image_url is not None for part in parts)
    return said, tuple(parts) if has_images else ()
