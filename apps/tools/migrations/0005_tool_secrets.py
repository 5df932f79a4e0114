import agentplatform.core.ids
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from agentplatform.core.postgresql.row_security import protect


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0011_rates_of_tenants"),
        ("tools", "0004_places"),
    ]

    operations = [
        migrations.CreateModel(
            name="ToolSecret",
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
                ("name", models.CharField(max_length=58)),
                (
                    "hosts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=270), size=20
                    ),
                ),
                (
                    "sent_as",
                    models.CharField(
                        choices=[
                            ("bearer", "Authorization: Bearer <value>"),
                            ("basic", "Authorization: Basic <user:value>"),
                            ("header", "a header"),
                            ("query", "a query parameter"),
                        ],
                        default="bearer",
                        max_length=16,
                    ),
                ),
                (
                    "parameter",
                    models.CharField(
                        blank=True,
                        help_text="The name of the header or the query parameter; for basic, the user.",
                        max_length=100,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
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
                "db_table": "tool_secrets",
                "ordering": ("tenant", "name"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "name"), name="tool_secrets_one_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sent_as__in", ["bearer", "basic", "header", "query"])),
                        name="tool_secrets_sent_as_known",
                    ),
                ],
            },
        ),
        protect("tool_secrets"),
    ]
