"""What providers charge, in nano-dollars per token (USD per million tokens, times 1,000)."""

import re
from dataclasses import dataclass
from datetime import date

from apps.gateway.contracts import Usage


@dataclass(frozen=True)
class Price:
    """The price of one model from `since` on. Reasoning tokens are priced as output."""

    provider: str
    model: str
    since: date
    input_nanos: int
    output_nanos: int
    cached_nanos: int

    def cost(self, usage: Usage) -> int:
        """What `usage` costs; cached tokens are a part of the prompt and counted once."""
        fresh = max(0, usage.prompt_tokens - usage.cached_tokens)
        return (
            fresh * self.input_nanos
            + usage.cached_tokens * self.cached_nanos
            + usage.completion_tokens * self.output_nanos
        )


PRICES = (
    Price("openai", "gpt-4o", date(2024, 10, 1), 2_500, 10_000, 1_250),
    Price("openai", "gpt-4o-mini", date(2024, 7, 18), 150, 600, 75),
    Price("openai", "gpt-4.1", date(2025, 4, 14), 2_000, 8_000, 500),
    Price("openai", "gpt-4.1-mini", date(2025, 4, 14), 400, 1_600, 100),
    Price("openai", "gpt-4.1-nano", date(2025, 4, 14), 100, 400, 25),
    Price("openai", "o3", date(2025, 6, 10), 2_000, 8_000, 500),
    Price("openai", "o4-mini", date(2025, 4, 16), 1_100, 4_400, 275),
    Price("openai", "gpt-5", date(2025, 8, 7), 1_250, 10_000, 125),
    Price("openai", "gpt-5-mini", date(2025, 8, 7), 250, 2_000, 25),
    Price("openai", "gpt-5-nano", date(2025, 8, 7), 50, 400, 5),
    Price("openai", "gpt-5.4-mini", date(2026, 3, 17), 750, 4_500, 75),
    Price("anthropic", "claude-haiku-4-5", date(2025, 10, 15), 1_000, 5_000, 100),
    Price("anthropic", "claude-sonnet-4-5", date(2025, 9, 29), 3_000, 15_000, 300),
    Price("anthropic", "claude-sonnet-4-6", date(2026, 1, 1), 3_000, 15_000, 300),
    Price("anthropic", "claude-sonnet-5", date(2026, 1, 1), 2_000, 10_000, 200),
    Price("anthropic", "claude-opus-4-5", date(2025, 11, 1), 5_000, 25_000, 500),
    Price("anthropic", "claude-opus-4-6", date(2026, 1, 1), 5_000, 25_000, 500),
    Price("anthropic", "claude-opus-4-7", date(2026, 1, 1), 5_000, 25_000, 500),
    Price("anthropic", "claude-opus-4-8", date(2026, 1, 1), 5_000, 25_000, 500),
    Price("anthropic", "claude-opus-5", date(2026, 1, 1), 5_000, 25_000, 500),
    Price("anthropic", "claude-fable-5", date(2026, 1, 1), 10_000, 50_000, 1_000),
    Price("anthropic", "claude-fable-5-1", date(2026, 1, 1), 10_000, 50_000, 250),
)
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8})$")


def price_of(*, provider: str, model: str, on: date) -> Price | None:
    """The price on that day, None when nobody knows it. A dated snapshot costs as its model does.

    The local provider costs nothing.
    """
    if provider == "local":
        return Price("local", model, on, 0, 0, 0)
    name = _SNAPSHOT.sub("", model)
    known = [
        price
        for price in PRICES
        if (price.provider, price.model) == (provider, name) and price.since <= on
    ]
    return max(known, key=lambda price: price.since, default=None)
