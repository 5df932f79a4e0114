import agentplatform.core.ids
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from agentplatform.core.postgresql.row_security import protect


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0011_rates_of_tenants"),
        ("tools", "0007_limits"),
    ]

    operations = [
        migrations.CreateModel(
            name="EgressRequest",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("run_id", models.UUIDField()),
                ("step_id", models.UUIDField()),
                ("call_id", models.UUIDField()),
                ("via", models.CharField(max_length=16)),
                ("method", models.CharField(max_length=20)),
                ("host", models.CharField(max_length=255)),
                ("port", models.PositiveIntegerField()),
                ("address", models.CharField(blank=True, max_length=45)),
                ("refusal", models.CharField(blank=True, max_length=500)),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("sent_bytes", models.PositiveBigIntegerField(default=0)),
                ("received_bytes", models.PositiveBigIntegerField(default=0)),
                ("duration_ms", models.PositiveIntegerField(default=0)),
                ("at", models.DateTimeField()),
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
                "verbose_name": "egress request",
                "db_table": "egress_requests",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["tenant", "run_id"], name="egress_requests_run"),
                    models.Index(fields=["tenant", "call_id"], name="egress_requests_call"),
                ],
            },
        ),
        migrations.CreateModel(
            name="EgressRule",
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
                ("host", models.CharField(max_length=255)),
                ("port", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "methods",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        size=20,
                    ),
                ),
                ("is_from_staff", models.BooleanField(default=False)),
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
                "verbose_name": "egress rule",
                "db_table": "egress_rules",
                "ordering": ("-id",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "host", "port", "methods", "is_from_staff"),
                        name="egress_rules_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        protect("egress_rules", may="select, insert, delete"),
        protect("egress_requests", may="select, insert, delete"),
    ]
