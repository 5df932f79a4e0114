"""A budget and its use, as a bar."""

from dataclasses import dataclass
from typing import Literal

from django.template.loader import render_to_string

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
