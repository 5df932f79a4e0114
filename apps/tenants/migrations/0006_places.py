from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0005_account_parents"),
    ]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="max_calls_in_flight",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Model and tool calls at the same time; empty means no cap.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="tenant",
            name="max_runs_in_flight",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Runs at work at the same time; empty means no cap.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("max_runs_in_flight__isnull", True),
                    ("max_runs_in_flight__gte", 1),
                    _connector="OR",
                ),
                name="tenants_runs_cap_is_one",
                violation_error_message="Let at least one run be in flight, or set no cap.",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("max_calls_in_flight__isnull", True),
                    ("max_calls_in_flight__gte", 1),
                    _connector="OR",
                ),
                name="tenants_calls_cap_is_one",
                violation_error_message="Let at least one call be in flight, or set no cap.",
            ),
        ),
    ]
