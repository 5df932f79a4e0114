"""The dead letters, and the one way for every worker to write one of a message."""

import django.db.models.deletion
from django.db import migrations, models

import agentplatform.core.ids
from agentplatform.core.postgresql.roles import ADMIN_ROLE, APPLICATION_ROLE
from agentplatform.core.postgresql.row_security import protect

ARGUMENTS = "uuid, text, jsonb, text, text, text, timestamptz"
BURY_MESSAGE = f"""
create function bury_message(
  letter_id uuid, task text, payload jsonb, reason text, detail text, message_id text,
  at timestamptz
) returns boolean language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into dead_letters (
      id, kind, task, payload, reason, detail, message_id, created_at, resolved_by)
    values (letter_id, 'message', task, payload, reason, detail, message_id, at, '')
    on conflict do nothing;
  return found;
end $$;
revoke execute on function bury_message from public;
grant execute on function bury_message to {APPLICATION_ROLE}, {ADMIN_ROLE};
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [("tenants", "0004_row_security")]

    operations = [
        migrations.CreateModel(
            name="DeadLetter",
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
                    "kind",
                    models.CharField(
                        choices=[("message", "Message"), ("step", "Step"), ("call", "Call")],
                        max_length=8,
                    ),
                ),
                ("task", models.CharField(blank=True, max_length=200)),
                ("payload", models.JSONField(default=dict)),
                ("reason", models.CharField(max_length=32)),
                ("detail", models.TextField(blank=True)),
                ("message_id", models.CharField(max_length=255, null=True, unique=True)),
                ("run_id", models.UUIDField(null=True)),
                ("step_id", models.UUIDField(null=True)),
                ("call_id", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
                ("replayed_at", models.DateTimeField(null=True)),
                ("discarded_at", models.DateTimeField(null=True)),
                ("resolved_by", models.CharField(blank=True, max_length=254)),
                (
                    "tenant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "dead_letters",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("discarded_at", None), ("replayed_at", None)),
                        fields=["kind"],
                        name="dead_letters_open",
                    ),
                    models.Index(fields=["run_id"], name="dead_letters_by_run"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["message", "step", "call"])),
                        name="dead_letters_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "message"), ("tenant__isnull", False), _connector="OR"
                        ),
                        name="dead_letters_tenant_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("replayed_at", None), ("discarded_at", None), _connector="OR"
                        ),
                        name="dead_letters_one_end",
                    ),
                ],
            },
        ),
        protect("dead_letters"),
        migrations.RunSQL(BURY_MESSAGE, f"drop function bury_message({ARGUMENTS})"),
    ]
