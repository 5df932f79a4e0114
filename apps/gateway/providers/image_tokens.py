"""At most how many tokens an image or a PDF is billed as, by the published rules of OpenAI and
Anthropic: of each page of a PDF a model is shown the text and an image."""

import math
from dataclasses import dataclass
from typing import Final, Protocol

from apps.gateway.providers.image_size import Size, image_size
from apps.gateway.providers.pdf_pages import pdf_pages


class _Rule(Protocol):
    def most(self) -> int:
        """Of an image whose size nobody knows."""

    def bound(self, size: Size, *, is_low: bool) -> int:
        """Of an image of this size; `is_low`: in low detail."""


@dataclass(frozen=True)
class _Tiles:
    """A base, and so much for each tile of 512 pixels. An image is shrunk to a square of 2,048,
    then until its shorter side has 768; in low detail only the base counts."""

    base: int
    each: int

    def most(self) -> int:
        return self.base + 8 * self.each

    def bound(self, size: Size, *, is_low: bool) -> int:
        if is_low:
            return self.base
        short, long = sorted(size)
        if long > 2048:
            short, long = _part(short, 2048, long), 2048
        if short > 768:
            short, long = 768, _part(long, 768, short)
        return self.base + self.each * _part(short, 1, 512) * _part(long, 1, 512)


@dataclass(frozen=True)
class _Patches:
    """So many tokens for each patch of 32 pixels, of `limit` patches at most."""

    factor: float
    limit: int

    def most(self) -> int:
        return math.ceil(self.limit * self.factor)

    def bound(self, size: Size, *, is_low: bool) -> int:  # noqa: ARG002  low detail is no cheaper
        width, height = size
        patches = _part(width, 1, 32) * _part(height, 1, 32)
        return math.ceil(min(patches, self.limit) * self.factor)


_OPENAI: Final[dict[str, _Rule]] = {
    "gpt-4o-mini": _Tiles(2833, 5667),
    "gpt-4o": _Tiles(85, 170),
    "gpt-4.1-mini": _Patches(1.62, 1536),
    "gpt-4.1-nano": _Patches(2.46, 1536),
    "gpt-4.1": _Tiles(85, 170),
    "gpt-4-turbo": _Tiles(85, 170),
    "gpt-5-mini": _Patches(1.62, 1536),
    "gpt-5-nano": _Patches(2.46, 1536),
    "o4-mini": _Patches(1.72, 1536),
    "o1": _Tiles(75, 150),
    "o3": _Tiles(75, 150),
}
"""By the beginning of a model's name, which a date may follow."""
_GPT_5: Final = _Tiles(70, 140)
_UNKNOWN: Final = _Patches(2.46, 10_000)
"""More than the dearest of the other rules, for images as large as any model takes."""
_ANTHROPIC_MOST: Final = 5_000
_ANTHROPIC_PATCH: Final = 28
_PAGE_OF_TEXT: Final = 3_000
"""The most that Anthropic says of a page's text."""


def bound_openai_image(url: str, *, detail: str, model: str) -> int:
    """At most so many tokens, as this model of OpenAI's counts; of a model that is not known the
    bound is wide."""
    rule = _openai_rule(model)
    size = image_size(url)
    is_low = detail == "low"
    if size is None and not is_low:
        return rule.most()
    return rule.bound(size or (2048, 2048), is_low=is_low)


def bound_anthropic_image(url: str) -> int:
    """At most so many tokens, as Anthropic counts: one for 750 pixels, or for each patch, and no
    more than its largest image has."""
    size = image_size(url)
    if size is None:
        return _ANTHROPIC_MOST
    width, height = size
    patches = _part(width, 1, _ANTHROPIC_PATCH) * _part(height, 1, _ANTHROPIC_PATCH)
    return min(_ANTHROPIC_MOST, max(_part(width, height, 750), patches) + 8)


def bound_openai_pdf(url: str, *, model: str) -> int:
    """At most so many tokens, as this model of OpenAI's counts."""
    return pdf_pages(url) * (_PAGE_OF_TEXT + _openai_rule(model).most())


def bound_anthropic_pdf(url: str) -> int:
    """At most so many tokens, as Anthropic counts."""
    return pdf_pages(url) * (_PAGE_OF_TEXT + _ANTHROPIC_MOST)


def _openai_rule(model: str) -> _Rule:
    if model == "gpt-5" or model.startswith(("gpt-5-2", "gpt-5-chat")):
        return _GPT_5
    for name, rule in _OPENAI.items():
        if model == name or model.startswith(f"{name}-"):
            return rule
    return _UNKNOWN


def _part(value: int, times: int, by: int) -> int:
    """value * times / by, rounded up."""
    return -(-value * times // by)
