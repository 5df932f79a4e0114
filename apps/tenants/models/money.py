"""Money: accounts with limits, amounts held for calls in flight, the ledger of what was used."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Account(models.Model):
    """What one owner has used and holds in one unit and period. Only the function `book` moves it.

    `period` is the first day of the tenant's month; None for an owner without periods (a run).
    `parent_owner_id` is the run that a run works for: its account holds the same amounts. Those of
    `user_id` and `api_key_id`, who started a run, do too.
    `hard_limit` None means no limit. Every admission keeps posted + reserved <= hard_limit.
    """

    class Kind(models.TextChoices):
        TENANT = "tenant"
        USER = "user"
        KEY = "key"
        RUN = "run"

    class Unit(models.TextChoices):
        TOKENS = "tokens"
        NANOS = "nanos"

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="accounts")
    kind = models.CharField(max_length=8, choices=Kind)
    owner_id = models.UUIDField()
    parent_owner_id = models.UUIDField(null=True, blank=True)
    user_id = models.UUIDField(null=True, blank=True)
    api_key_id = models.UUIDField(null=True, blank=True)
    unit = models.CharField(max_length=8, choices=Unit)
    period = models.DateField(null=True, blank=True)
    hard_limit = models.BigIntegerField(null=True, blank=True)
    posted = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)

    class Meta:
        db_table = "accounts"
        ordering = ("-period", "kind", "unit")
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "kind", "owner_id", "unit", "period"),
                nulls_distinct=False,
                name="accounts_one_per_owner_unit_period",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["tenant", "user", "key", "run"]), name="accounts_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(unit__in=["tokens", "nanos"]), name="accounts_unit_known"
            ),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="accounts_reserved_positive"),
            models.CheckConstraint(
                condition=Q(hard_limit__isnull=True) | Q(hard_limit__gte=0),
                name="accounts_limit_positive",
            ),
        )
        indexes = (
            models.Index(
                fields=("period",),
                condition=Q(hard_limit__isnull=False, period__isnull=False),
                name="accounts_limited_by_month",
            ),
        )

    def __str__(self) -> str:
        period = f" {self.period:%Y-%m}" if self.period else ""
        return f"{self.kind} {self.unit}{period}"


class Reservation(models.Model):
    """Amounts held for one provider attempt until it is settled or its deadline passes.

    `amounts` go with `account_ids`, one for one; `tokens` and `cost_nanos` are what an unconfirmed
    ledger entry says. `memo` is the caller's, handed back when the reservation expires.
    """

    attempt_id = models.UUIDField(primary_key=True)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    call_id = models.UUIDField(null=True)
    run_id = models.UUIDField(null=True)
    account_ids = ArrayField(models.BigIntegerField())
    amounts = ArrayField(models.BigIntegerField())
    tokens = models.BigIntegerField()
    cost_nanos = models.BigIntegerField(null=True)
    memo = models.JSONField(default=dict)
    deadline = models.DateTimeField()

    class Meta:
        db_table = "reservations"
        indexes = (models.Index(fields=("deadline",), name="reservations_deadline"),)

    def __str__(self) -> str:
        return str(self.attempt_id)


class LedgerEntry(models.Model):
    """What one provider attempt used. Rows are only ever added; a correction is a row of its own.

    `cost_nanos` None means that the price is not known. `is_confirmed` False means that nobody
    knows what the attempt used, and that it is charged at what was reserved for it.
    """

    class Kind(models.TextChoices):
        SETTLEMENT = "settlement"
        CORRECTION = "correction"

    id = models.BigAutoField(primary_key=True)
    attempt_id = models.UUIDField()
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    call_id = models.UUIDField(null=True)
    run_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=12, choices=Kind)
    account_ids = ArrayField(models.BigIntegerField())
    tokens = models.BigIntegerField()
    cost_nanos = models.BigIntegerField(null=True)
    reserved_tokens = models.BigIntegerField()
    is_confirmed = models.BooleanField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_entries"
        ordering = ("-id",)
        verbose_name_plural = "ledger entries"
        constraints = (
            models.UniqueConstraint(
                fields=("attempt_id",),
                condition=Q(kind="settlement"),
                name="ledger_entries_one_settlement_per_attempt",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["settlement", "correction"]), name="ledger_entries_kind_known"
            ),
        )
        indexes = (
            models.Index(fields=("tenant", "created_at"), name="ledger_entries_by_tenant"),
            models.Index(fields=("run_id",), name="ledger_entries_by_run"),
            models.Index(
                fields=("attempt_id",),
                condition=Q(kind="correction"),
                name="ledger_entries_corrections",
            ),
            models.Index(
                fields=("tenant",),
                condition=Q(is_confirmed=False),
                name="ledger_entries_unconfirmed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.attempt_id}"
