"""How much one attempt holds of each account before it starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from apps.gateway.contracts import ModelRequest, Usage
from apps.gateway.services.price_list import Tariff
from apps.tenants.contracts import AccountRoom

DEFAULT_MAX_TOKENS = 1024
HTTP_MAX_TOKENS = 4096
"""The same for who calls over HTTP."""
# An answer shorter than this is not worth its prompt.
LEAST_MAX_TOKENS = 16
Bound = Callable[[Usage], int]
"""The most that a usage can cost."""


class NoRoom(Exception):
    """An account cannot hold what the attempt may use."""

    def __init__(self, account: AccountRoom, needed: int) -> None:
        super().__init__(f"{account.kind} {account.unit}")
        self.account = account
        self.needed = needed

    @classmethod
    def at(cls, account_id: int, *, hold: "Hold", accounts: Sequence[AccountRoom]) -> "NoRoom":
        """The refusal of `hold` by the account of this id."""
        (account,) = (one for one in accounts if one.account_id == account_id)
        return cls(account, dict(hold.lines)[account_id])


class NoPrice(Exception):
    """The account is limited in USD and nobody knows what this model costs."""


@dataclass(frozen=True)
class Hold:
    """The most that an attempt can use, and its lines: (account id, amount). `for_hour`: some of
    its prompt may be written to a cache for an hour."""

    usage: Usage
    cost_nanos: int | None
    lines: tuple[tuple[int, int], ...]
    for_hour: bool = False

    @property
    def max_tokens(self) -> int:
        return self.usage.completion_tokens


def most_answer_tokens(request: ModelRequest) -> int:
    """The bound of an answer, whether or not its request has one."""
    if request.max_tokens is not None:
        return request.max_tokens
    return HTTP_MAX_TOKENS if request.is_verbatim else DEFAULT_MAX_TOKENS


def plan_hold(
    request: ModelRequest,
    *,
    prompt_tokens: int,
    price: Tariff | None,
    accounts: Sequence[AccountRoom],
) -> Hold:
    """What to hold. Without max_tokens in the request the answer is bounded by what is left.

    Raises NoRoom when an account has no room, NoPrice when one is limited in USD and
    nobody knows the price.
    """
    if price is None:
        if any(one.unit == "nanos" and one.hard_limit is not None for one in accounts):
            raise NoPrice
        accounts = [one for one in accounts if one.unit == "tokens"]
    max_tokens = most_answer_tokens(request)
    for_hour = request.caches_for_hour
    bound = partial(price.bound, for_hour=for_hour) if price else None
    for account in accounts:
        fitting = _fitting(account, prompt_tokens, price, bound)
        if fitting is None or fitting >= max_tokens:
            continue
        if request.max_tokens is not None or fitting < LEAST_MAX_TOKENS:
            wanted = LEAST_MAX_TOKENS if request.max_tokens is None else request.max_tokens
            least = Usage(prompt_tokens=prompt_tokens, completion_tokens=wanted)
            raise NoRoom(account, _amount(account, least, bound))
        max_tokens = fitting
    usage = Usage(prompt_tokens=prompt_tokens, completion_tokens=max_tokens)
    return Hold(
        usage=usage,
        cost_nanos=bound(usage) if bound else None,
        lines=tuple((one.account_id, _amount(one, usage, bound)) for one in accounts),
        for_hour=for_hour,
    )


def _amount(account: AccountRoom, usage: Usage, bound: Bound | None) -> int:
    if account.unit == "tokens":
        return usage.total_tokens
    return bound(usage) if bound else 0


def _fitting(
    account: AccountRoom, prompt_tokens: int, price: Tariff | None, bound: Bound | None
) -> int | None:
    """How many tokens of an answer the account has room for; None: any number."""
    if account.room is None:
        return None
    if account.unit == "tokens":
        return account.room - prompt_tokens
    assert price is not None
    assert bound is not None
    left = account.room - bound(Usage(prompt_tokens=prompt_tokens, completion_tokens=0))
    token_nanos = price.output_nanos(prompt_tokens)
    if token_nanos == 0:
        return None if left >= 0 else -1
    return left // token_nanos
