"""What providers charge for a model, and what a usage costs at it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from apps.gateway.contracts import Usage

TOKENS_PER_RATE = 1_000_000
LOCAL = "local"
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8})$")


@dataclass(frozen=True, kw_only=True)
class Price:
    """The price of one model from `since` to `until`, days in UTC and both included; without
    `until` it holds until a later one begins. It is that of requests whose prompts have more than
    `prompts_above` tokens, and no more than another price of the model begins above.

    Rates are nano-dollars per million tokens. Without one of their own, cached and cache-write
    tokens cost as input does, reasoning tokens as output, and tokens that are written to a cache
    for an hour twice the input, as they do at Anthropic.
    """

    provider: str
    model: str
    since: date
    until: date | None = None
    prompts_above: int = 0
    input_rate: int
    output_rate: int
    cached_rate: int | None = None
    cache_write_rate: int | None = None
    reasoning_rate: int | None = None
    cache_write_hour_rate: int | None = None

    def cost(self, usage: Usage) -> int:
        """What `usage` costs, in nano-dollars, a fraction rounded up. Cached and cache-write tokens
        are a part of the prompt and reasoning tokens one of the answer: each is counted once."""
        written = max(0, usage.cache_write_tokens - usage.cache_write_hour_tokens)
        fresh = max(0, usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens)
        said = max(0, usage.completion_tokens - usage.reasoning_tokens)
        total = (
            fresh * self.input_rate
            + usage.cached_tokens * _or(self.cached_rate, self.input_rate)
            + written * _or(self.cache_write_rate, self.input_rate)
            + usage.cache_write_hour_tokens * self._hour_rate
            + said * self.output_rate
            + usage.reasoning_tokens * _or(self.reasoning_rate, self.output_rate)
        )
        return _per_million(total)

    def bound(self, usage: Usage, *, for_hour: bool = False) -> int:
        """The most that `usage` can cost, whichever of its tokens turn out to be cached, written to
        a cache (for an hour too, with `for_hour`) or reasoning."""
        prompt_rate = max(self.input_rate, _or(self.cached_rate, 0), _or(self.cache_write_rate, 0))
        if for_hour:
            prompt_rate = max(prompt_rate, self._hour_rate)
        return _per_million(
            usage.prompt_tokens * prompt_rate + usage.completion_tokens * self._answer_rate
        )

    @property
    def output_nanos(self) -> int:
        """The most that one token of an answer costs, in nano-dollars, a fraction rounded up."""
        return _per_million(self._answer_rate)

    @property
    def _answer_rate(self) -> int:
        return max(self.output_rate, _or(self.reasoning_rate, 0))

    @property
    def _hour_rate(self) -> int:
        return _or(self.cache_write_hour_rate, 2 * self.input_rate)

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class Tariff:
    """What one model costs on a day: `prices` by the length of the prompt, the longest first and
    one that holds for any prompt last."""

    prices: tuple[Price, ...]

    def cost(self, usage: Usage) -> int:
        """As Price.cost, at the price of a prompt of that length."""
        return self._possible(usage.prompt_tokens)[0].cost(usage)

    def bound(self, usage: Usage, *, for_hour: bool = False) -> int:
        """As Price.bound, however short the prompt turns out to be."""
        possible = self._possible(usage.prompt_tokens)
        return max(price.bound(usage, for_hour=for_hour) for price in possible)

    def output_nanos(self, prompt_tokens: int) -> int:
        """As Price.output_nanos, for a prompt of so many tokens at most."""
        return max(price.output_nanos for price in self._possible(prompt_tokens))

    def _possible(self, prompt_tokens: int) -> Sequence[Price]:
        """The prices of prompts of so many tokens or fewer."""
        if len(self.prices) == 1:
            return self.prices
        *long, short = self.prices
        return [*(price for price in long if price.prompts_above < prompt_tokens), short]


class PriceList:
    """Prices to look up by provider, model and day."""

    def __init__(self, prices: Iterable[Price]) -> None:
        self._by_model: dict[tuple[str, str], list[Price]] = {}
        self._providers: dict[str, str] = {}
        for price in sorted(prices, key=lambda one: one.since, reverse=True):
            self._by_model.setdefault((price.provider, price.model), []).append(price)
            self._providers.setdefault(price.model, price.provider)

    def models(self) -> Iterable[tuple[str, str]]:
        """Every provider and model that has or had a price."""
        return self._by_model

    def provider_of(self, model: str) -> str | None:
        """Whose price the model, or the one that it is a dated snapshot of, has."""
        return self._providers.get(model) or self._providers.get(_SNAPSHOT.sub("", model))

    def find(self, *, provider: str, model: str, on: date) -> Tariff | None:
        """What the model costs on that day, None when nobody knows it. A dated snapshot that has no
        price of its own costs as its model does."""
        exact = self._find(provider, model, on)
        return exact or self._find(provider, _SNAPSHOT.sub("", model), on)

    def _find(self, provider: str, model: str, on: date) -> Tariff | None:
        newest: dict[int, Price] = {}
        for price in self._by_model.get((provider, model), ()):
            if price.since <= on:
                newest.setdefault(price.prompts_above, price)
        holding = {length: price for length, price in newest.items() if price.holds_on(on)}
        if 0 not in holding:
            return None
        return Tariff(tuple(holding[length] for length in sorted(holding, reverse=True)))


def free_price(*, model: str, on: date) -> Tariff:
    """The local provider costs nothing."""
    return Tariff((Price(provider=LOCAL, model=model, since=on, input_rate=0, output_rate=0),))


def _or(rate: int | None, other: int) -> int:
    return other if rate is None else rate


def _per_million(amount: int) -> int:
    return -(-amount // TOKENS_PER_RATE)
