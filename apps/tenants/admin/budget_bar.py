"""A budget and its use, as a bar."""

from dataclasses import dataclass
from typing import Any, Literal

from django.template.loader import render_to_string

from agentplatform.core.money import NANOS_PER_USD
from apps.tenants.contracts import Unit
from apps.tenants.models import Tenant

Level = Literal["free", "calm", "warning", "exhausted"]


@dataclass(frozen=True, kw_only=True)
class BudgetBar:
    """Amounts in any one unit. `limit` None: there is none, and so no bar."""

    used: int
    reserved: int
    limit: int | None
    soft_limit_ratio: float

    @property
    def taken_percent(self) -> float:
        """What is used or held, of the limit; over 100 after the limit was lowered."""
        return self._percent(self.used + self.reserved)

    @property
    def used_width(self) -> float:
        return min(100.0, self._percent(self.used))

    @property
    def reserved_width(self) -> float:
        return min(100.0 - self.used_width, self._percent(self.reserved))

    @property
    def soft_limit_percent(self) -> float:
        return self.soft_limit_ratio * 100

    @property
    def level(self) -> Level:
        if self.limit is None:
            return "free"
        if self.used + self.reserved >= self.limit:
            return "exhausted"
        return "calm" if self.taken_percent < self.soft_limit_percent else "warning"

    def _percent(self, amount: int) -> float:
        if not self.limit:
            return 0.0 if self.limit is None else 100.0
        return max(0.0, 100 * amount / self.limit)


def render_bar(bar: BudgetBar, *, used: str, reserved: str, limit: str) -> str:
    """The bar with its amounts as people read them; an empty `reserved` is not mentioned."""
    words = {"used": used, "reserved": reserved, "limit": limit}
    return render_to_string("admin/tenants/budget_bar.html", {"bar": bar, **words})


def bar_of(row: Any, unit: Unit, limit: int | None, *, of: Tenant) -> str:
    """The bar of a row that a selector has told its use of the month, `of` whose soft limit."""
    used, reserved = getattr(row, f"{unit}_used", 0), getattr(row, f"{unit}_reserved", 0)
    words = usd_words if unit == "nanos" else "{:,}".format
    bar = BudgetBar(used=used, reserved=reserved, limit=limit, soft_limit_ratio=of.soft_limit_ratio)
    return render_bar(
        bar,
        used=words(used),
        reserved=words(reserved) if reserved else "",
        limit="" if limit is None else words(limit),
    )


def usd_words(nanos: int) -> str:
    """To the cent; what is less than a dollar, to the hundredth of a cent."""
    usd = nanos / NANOS_PER_USD
    return f"{usd:,.2f}" if usd >= 1 or not nanos else f"{usd:.4f}"
