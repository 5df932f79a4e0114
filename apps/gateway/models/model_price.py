"""What a provider charges for a model from a day on."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q

MAX_RATE: Final = 10_000 * 10**9
"""10,000 USD per million tokens; what is above is a slip of the unit."""
RATES: Final = (
    "input_rate",
    "output_rate",
    "cached_rate",
    "cache_write_rate",
    "cache_write_hour_rate",
    "reasoning_rate",
)


class ModelPrice(models.Model):
    """The platform's: no tenant's. Rates are nano-dollars per million tokens; None: as input
    (cached, cache write), as output (reasoning) or as twice the input (written to a cache for an
    hour). Days are in UTC, `until` included; None: until
    a later price of the model begins. A model that is not here has an unknown price, never none.

    A request whose prompt has more tokens than `prompts_above` costs that, all of it.
    """

    PRICE_FIELDS: Final = ("provider", "model", "since", "until", "prompts_above", *RATES)

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=32)
    model = models.CharField(max_length=200)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    prompts_above = models.PositiveIntegerField(default=0, db_default=0)
    input_rate = models.BigIntegerField()
    output_rate = models.BigIntegerField()
    cached_rate = models.BigIntegerField(null=True, blank=True)
    cache_write_rate = models.BigIntegerField(null=True, blank=True)
    reasoning_rate = models.BigIntegerField(null=True, blank=True)
    cache_write_hour_rate = models.BigIntegerField(null=True, blank=True)

    objects: ClassVar[models.Manager["ModelPrice"]] = models.Manager()

    class Meta:
        db_table = "model_prices"
        ordering = ("provider", "model", "-since", "prompts_above")
        verbose_name = "price"
        constraints = (
            models.UniqueConstraint(
                fields=("provider", "model", "since", "prompts_above"),
                name="model_prices_one_a_day_and_length",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
                name="model_prices_end_after_they_begin",
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{rate}__isnull": True})
                    | Q(**{f"{rate}__gte": 0, f"{rate}__lte": MAX_RATE}),
                    name=f"model_prices_{rate}_is_sane",
                )
                for rate in RATES
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.model} from {self.since}"
