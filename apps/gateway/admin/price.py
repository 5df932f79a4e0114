"""Prices, which only the platform's staff sets."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from agentplatform.api.admin_refusal import ServiceAdmin
from agentplatform.core.clock import now
from apps.gateway.admin.price_form import PriceForm
from apps.gateway.models import ModelPrice
from apps.gateway.models.model_price import RATES
from apps.gateway.services.change_prices import delete_price, set_prices
from apps.gateway.services.price_files import usd_of


@admin.register(ModelPrice)
class ModelPriceAdmin(ServiceAdmin):
    form = PriceForm
    list_display = (
        "provider", "model", "since", "until", "prompts_above", "input_usd", "output_usd",
        "cached_usd", "cache_write_usd", "cache_write_hour_usd", "reasoning_usd",
    )  # fmt: skip
    list_display_links = ("model",)
    list_filter = ("provider",)
    search_fields = ("model",)
    ordering = ("provider", "model", "-since", "prompts_above")
    actions = None
    fieldsets = (
        (None, {"fields": ("provider", "model", "since", "until", "prompts_above")}),
        (
            "USD per million tokens",
            {"fields": RATES},
        ),
    )

    def save_model(self, _request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        price = form.price()
        set_prices([price], at=now(), instead_of=obj.pk if change else None)
        names = ("provider", "model", "since", "prompts_above")
        obj.pk = ModelPrice.objects.get(**{name: getattr(price, name) for name in names}).pk

    def delete_model(self, _request: HttpRequest, obj: Model) -> None:
        delete_price(price_id=cast(int, obj.pk), at=now())

    @admin.display(description="input ($/M)", ordering="input_rate")
    def input_usd(self, row: ModelPrice) -> str:
        return usd_of(row.input_rate) or ""

    @admin.display(description="output ($/M)", ordering="output_rate")
    def output_usd(self, row: ModelPrice) -> str:
        return usd_of(row.output_rate) or ""

    @admin.display(description="cached input ($/M)", ordering="cached_rate")
    def cached_usd(self, row: ModelPrice) -> str:
        return usd_of(row.cached_rate) or "as input"

    @admin.display(description="cache write ($/M)", ordering="cache_write_rate")
    def cache_write_usd(self, row: ModelPrice) -> str:
        return usd_of(row.cache_write_rate) or "as input"

    @admin.display(description="1 h cache write ($/M)", ordering="cache_write_hour_rate")
    def cache_write_hour_usd(self, row: ModelPrice) -> str:
        return usd_of(row.cache_write_hour_rate) or "twice the input"

    @admin.display(description="reasoning ($/M)", ordering="reasoning_rate")
    def reasoning_usd(self, row: ModelPrice) -> str:
        return usd_of(row.reasoning_rate) or "as output"
