import agentplatform.core.ids
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from agentplatform.core.postgresql.row_security import protect


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0008_door"),
        ("tenants", "0008_spenders"),
    ]

    operations = [
        migrations.AddField(
            model_name="llmevent",
            name="is_own_key",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="ModelPolicy",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "allowed_models",
                    models.CharField(
                        choices=[("any", "any model"), ("routed", "default and routes only")],
                        default="any",
                        max_length=16,
                    ),
                ),
                (
                    "allows_local",
                    models.BooleanField(
                        default=False, help_text="The local provider may answer critical calls too."
                    ),
                ),
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "model policy",
                "verbose_name_plural": "model policies",
                "db_table": "model_policies",
                "ordering": ("tenant",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("allowed_models__in", ["any", "routed"])),
                        name="model_policies_allowed_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelRoute",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("alias", models.CharField(max_length=63)),
                (
                    "targets",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=220), size=10
                    ),
                ),
                (
                    "on_context_window",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=220),
                        blank=True,
                        default=list,
                        size=10,
                    ),
                ),
                (
                    "on_content_filter",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=220),
                        blank=True,
                        default=list,
                        size=10,
                    ),
                ),
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
                "verbose_name": "route",
                "db_table": "model_routes",
                "ordering": ("tenant", "alias"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "alias"), name="model_routes_one_alias"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ProviderKey",
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
                (
                    "provider",
                    models.CharField(
                        choices=[
                            ("openai", "OpenAI, or who speaks as it does"),
                            ("anthropic", "Anthropic"),
                        ],
                        max_length=32,
                    ),
                ),
                (
                    "base_url",
                    models.CharField(
                        blank=True,
                        help_text="Empty: where the platform calls this provider.",
                        max_length=300,
                    ),
                ),
                (
                    "default_model",
                    models.CharField(
                        blank=True,
                        help_text="What `default` means. Empty: as for the platform.",
                        max_length=200,
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
                "verbose_name": "own provider key",
                "db_table": "provider_keys",
                "ordering": ("tenant", "provider"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "provider"), name="provider_keys_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("provider__in", ["openai", "anthropic"])),
                        name="provider_keys_provider_known",
                    ),
                ],
            },
        ),
        protect("model_policies"),
        protect("model_routes"),
        protect("provider_keys"),
    ]
