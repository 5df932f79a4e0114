"""Set and delete prices."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from agentplatform.core.advisory_locks import lock_until_commit
from agentplatform.core.errors import InvalidInput, NotFound
from agentplatform.core.transactions import transaction
from apps.gateway.models import ModelPrice
from apps.gateway.services.price_list import Price
from apps.gateway.services.price_rules import find_problems, name_of
from apps.tenants.facade import record_change

Key = tuple[str, str, date, int]


@dataclass(frozen=True, kw_only=True)
class PricesSet:
    """How many prices were new, were other than before, and stayed as they were."""

    added: int
    changed: int
    kept: int


def set_prices(
    prices: Sequence[Price], *, at: datetime, instead_of: int | None = None
) -> PricesSet:
    """Add these prices, all or none; one of the same provider, model, first day and length of
    prompts is replaced, and so is the row `instead_of`. What was charged before stays as it is.

    Raises InvalidInput, which names each price that is wrong. Opens a transaction.
    """
    with transaction():
        lock_until_commit("model_prices")
        rows = {_key(row): row for row in ModelPrice.objects.all()}
        replaced = next((row for row in rows.values() if row.pk == instead_of), None)
        if replaced is not None and prices:
            del rows[_key(replaced)]
        if problems := find_problems([*prices, *_others(rows, prices)]):
            raise InvalidInput("These prices cannot stand.", errors=problems)
        added = changed = 0
        for price in prices:
            row = replaced or rows.get(_key(price))
            if row is None:
                added += 1
            elif price_of_row(row) != price:
                changed += 1
            else:
                continue
            _write(row, price, at)
    return PricesSet(added=added, changed=changed, kept=len(prices) - added - changed)


def delete_price(*, price_id: int, at: datetime) -> None:
    """Forget a price: from now on the one before it holds, or none is known. Raises NotFound.
    Opens a transaction."""
    with transaction():
        lock_until_commit("model_prices")
        row = ModelPrice.objects.filter(id=price_id).first()
        if row is None:
            raise NotFound(f"There is no price {price_id}.")
        price = price_of_row(row)
        row.delete()
        _record("price.deleted", price, at, before=asdict(price))


def price_of_row(row: ModelPrice) -> Price:
    return Price(**{name: getattr(row, name) for name in ModelPrice.PRICE_FIELDS})


def _others(rows: dict[Key, ModelPrice], prices: Sequence[Price]) -> list[Price]:
    """Those that stay beside the new ones."""
    new = {_key(price) for price in prices}
    return [price_of_row(row) for key, row in rows.items() if key not in new]


def _write(row: ModelPrice | None, price: Price, at: datetime) -> None:
    before = asdict(price_of_row(row)) if row else {}
    ModelPrice(id=row.pk if row else None, **asdict(price)).save(force_update=row is not None)
    action = "price.changed" if row else "price.added"
    _record(action, price, at, before=before, after=asdict(price))


def _record(action: str, price: Price, at: datetime, **values: Any) -> None:
    record_change(
        tenant_id=None, action=action, target=("price", name_of(price)[:64]), at=at, **values
    )


def _key(price: Price | ModelPrice) -> Key:
    return (price.provider, price.model, price.since, price.prompts_above)
