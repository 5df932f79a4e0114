import django.db.models.deletion
from django.db import migrations, models

from agentplatform.core.postgresql.roles import ADMIN_ROLE, APPLICATION_ROLE
from agentplatform.core.postgresql.row_security import protect

ARGUMENTS = "text, uuid, text, text, jsonb, timestamptz"
RAISE_ALERT = f"""
-- Whether the alert is new. Processes that see one tenant's rows, or nobody's, raise the platform's
-- alerts too; inside a tenant's scope it is for that tenant alone.
create function raise_alert(
  alert_kind text, alert_tenant uuid, alert_subject text, alert_once_per text,
  alert_details jsonb, at timestamptz
) returns boolean language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare
  scope constant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
begin
  if scope is not null and alert_tenant is distinct from scope then
    raise exception 'an alert of another tenant' using errcode = 'insufficient_privilege';
  end if;
  insert into alerts (kind, tenant_id, subject, once_per, details, created_at)
    values (alert_kind, alert_tenant, alert_subject, alert_once_per, alert_details, at)
    on conflict do nothing;
  return found;
end $$;
revoke execute on function raise_alert from public;
grant execute on function raise_alert to {APPLICATION_ROLE}, {ADMIN_ROLE};
"""
KEEP = """
insert into alerts (kind, tenant_id, subject, once_per, details, created_at)
select case when b.threshold >= 1 then 'budget_exceeded' else 'budget_threshold' end,
  b.tenant_id, a.kind || ':' || a.owner_id, 'account:' || a.id || ':' || b.threshold::text,
  jsonb_build_object('owner', a.kind, 'owner_id', a.owner_id, 'unit', a.unit, 'month', a.period,
    'threshold', b.threshold, 'used', b.used, 'limit', b.hard_limit),
  b.created_at
from budget_alerts b join accounts a on a.id = b.account_id
order by b.id
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_spenders")]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=32)),
                ("subject", models.CharField(max_length=255)),
                ("once_per", models.CharField(max_length=300)),
                ("details", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "alerts",
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["tenant", "-id"], name="alerts_by_tenant")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "once_per", "tenant"),
                        name="alerts_once_per_occasion",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "budget_threshold",
                                    "budget_exceeded",
                                    "providers_failed",
                                    "breaker_open",
                                ],
                            )
                        ),
                        name="alerts_kind_known",
                    ),
                ],
            },
        ),
        protect("alerts", may="select"),
        migrations.RunSQL(RAISE_ALERT, f"drop function raise_alert({ARGUMENTS})"),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
        migrations.DeleteModel(name="BudgetAlert"),
    ]
