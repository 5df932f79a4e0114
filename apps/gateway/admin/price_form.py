"""The form of a price: rates in USD per million tokens."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from agentplatform.core.money import parse_usd
from apps.gateway.models import ModelPrice
from apps.gateway.models.model_price import RATES
from apps.gateway.services.price_files import usd_of
from apps.gateway.services.price_list import Price

_INSTEAD = {
    "cached": "as input",
    "cache_write": "as input",
    "reasoning": "as output",
    "cache_write_hour": "twice the input",
}


def _rate(name: str) -> forms.DecimalField:
    word = name.removesuffix("_rate")
    instead = _INSTEAD.get(word)
    return forms.DecimalField(
        label=f"{word.replace('_', ' ')} (USD per million tokens)",
        required=instead is None,
        min_value=0,
        decimal_places=9,
        max_digits=14,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=f"Empty: {instead}." if instead else "",
    )


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]
    """The service judges the rest: see price()."""

    input_rate = _rate("input_rate")
    output_rate = _rate("output_rate")
    cached_rate = _rate("cached_rate")
    cache_write_rate = _rate("cache_write_rate")
    reasoning_rate = _rate("reasoning_rate")
    cache_write_hour_rate = _rate("cache_write_hour_rate")

    class Meta:
        model = ModelPrice
        fields = ModelPrice.PRICE_FIELDS
        help_texts: ClassVar = {
            "provider": "openai or anthropic.",
            "model": "As the provider names it. Its dated snapshots cost the same.",
            "since": "The first day, in UTC.",
            "until": "The last day. Empty: until a later price begins.",
            "prompts_above": "For requests whose prompts have more tokens than that; 0: for all.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in RATES:
            usd = usd_of(getattr(self.instance, name))
            if usd is not None:
                self.initial[name] = Decimal(usd)

    def _post_clean(self) -> None:
        """Rates become nano-dollars before the instance gets them."""
        self.usd = {name: self.cleaned_data.get(name) for name in RATES}
        for name, usd in self.usd.items():
            if name in self.cleaned_data:
                self.cleaned_data[name] = None if usd is None else parse_usd(usd)
        super()._post_clean()  # type: ignore[misc]

    def price(self) -> Price:
        """What the valid form says."""
        return Price(**{name: self.cleaned_data[name] for name in ModelPrice.PRICE_FIELDS})
