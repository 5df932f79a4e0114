"""Which prices can stand side by side."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from apps.gateway.models.model_price import MAX_RATE, RATES
from apps.gateway.services.price_list import LOCAL, Price

Problems = dict[str, list[str]]
MOST_TOKENS = 1_000_000_000
_PROVIDER = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def name_of(price: Price) -> str:
    """How an error names the price."""
    length = f" above {price.prompts_above} tokens" if price.prompts_above else ""
    return f"{price.provider} {price.model}{length} from {price.since}"


def find_problems(prices: Sequence[Price]) -> Problems:
    """What is wrong with these prices, each alone and beside the others, by name_of."""
    problems: Problems = defaultdict(list)
    by_length: dict[tuple[str, str, int], list[Price]] = defaultdict(list)
    for price in prices:
        problems[name_of(price)] += _problems_of(price)
        by_length[price.provider, price.model, price.prompts_above].append(price)
    for (provider, model, length), series in by_length.items():
        if length and (provider, model, 0) not in by_length:
            problems[name_of(series[0])].append(
                "The model has no price for shorter prompts; give one with prompts_above 0."
            )
        for one, following in pairwise(sorted(series, key=lambda price: price.since)):
            if one.since == following.since:
                problems[name_of(one)].append("There are two prices from this day on; leave one.")
            elif one.until is not None and one.until >= following.since:
                problems[name_of(following)].append(
                    f"The price from {one.since} holds until {one.until}; end it before."
                )
    return {name: found for name, found in problems.items() if found}


def _problems_of(price: Price) -> Iterable[str]:
    if not _PROVIDER.fullmatch(price.provider):
        yield "Name the provider in lower case, as the settings do: openai, anthropic."
    if price.provider == LOCAL:
        yield "The local provider costs nothing; it takes no price."
    if not price.model.strip() or price.model != price.model.strip() or len(price.model) > 200:
        yield "Name the model as the provider does, in 1 to 200 characters."
    if not 0 <= price.prompts_above <= MOST_TOKENS:
        yield f"prompts_above is a number of tokens, from 0 to {MOST_TOKENS}."
    if price.until is not None and price.until < price.since:
        yield f"It ends on {price.until}, before it begins."
    for name in RATES:
        rate = getattr(price, name)
        word = name.removesuffix("_rate")
        if rate is not None and rate < 0:
            yield f"The price of {word} is negative."
        if rate is not None and rate > MAX_RATE:
            yield f"The price of {word} is above 10,000 USD per million tokens; check the unit."
