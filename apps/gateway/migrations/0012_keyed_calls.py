import agentplatform.core.ids
import django.db.models.deletion
from django.db import migrations, models

from agentplatform.core.postgresql.row_security import protect


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0011_embedding_prices"),
        ("tenants", "0011_rates_of_tenants"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeyedCall",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=agentplatform.core.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("caller_id", models.UUIDField()),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(max_length=64)),
                ("call_id", models.UUIDField()),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                ("is_asked", models.BooleanField(default=False)),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("headers", models.JSONField(blank=True, null=True)),
                ("body", models.TextField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "call with an idempotency key",
                "verbose_name_plural": "calls with an idempotency key",
                "db_table": "keyed_calls",
                "ordering": ("id",),
                "indexes": [
                    models.Index(fields=["created_at"], name="keyed_calls_by_age"),
                    models.Index(
                        condition=models.Q(("lease_token__isnull", False)),
                        fields=["lease_token"],
                        name="keyed_calls_by_lease",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "caller_id", "key"), name="keyed_calls_one_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("body", None), ("status", None)),
                            models.Q(("lease_token", None), ("status__isnull", False)),
                            _connector="OR",
                        ),
                        name="keyed_calls_under_way_or_answered",
                    ),
                ],
            },
        ),
        protect("keyed_calls"),
    ]
