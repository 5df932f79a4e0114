import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from agentplatform.core.postgresql.row_security import protect


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0006_asks"),
        ("tenants", "0006_places"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Served",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="tenants.tenant",
                    ),
                ),
                ("runs", models.BigIntegerField(default=0)),
                ("calls", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "tenants served",
                "db_table": "tenants_served",
            },
        ),
        migrations.RemoveIndex(
            model_name="run",
            name="runs_unfinalized",
        ),
        migrations.AddField(
            model_name="run",
            name="waits_for_place",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="run",
            name="priority",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("finalized_at", None), ("waits_for_place", False)),
                fields=["advanced_at"],
                name="runs_unfinalized",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("parent_run", None), ("status", "RUNNING")),
                fields=["tenant"],
                name="runs_in_flight",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("waits_for_place", True)),
                fields=["tenant", "-priority", "id"],
                name="runs_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("waits_for_place", True)),
                fields=["deadline_at"],
                name="runs_waiting_until",
            ),
        ),
        protect("tenants_served", may="select"),
    ]
