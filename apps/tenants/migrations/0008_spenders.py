from django.db import migrations, models

RUN_SPENDERS = """
-- Whom the calls of a run are charged to, beside its tenant.
create view run_spenders with (security_invoker = true) as
  select tenant_id, owner_id as run_id, user_id, api_key_id from accounts
  where kind = 'run' and unit = 'tokens' and period is null;
grant select on run_spenders to agentplatform_app;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0007_budgets")]

    operations = [
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("kind", "correction")),
                fields=["attempt_id"],
                name="ledger_entries_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("is_confirmed", False)),
                fields=["tenant"],
                name="ledger_entries_unconfirmed",
            ),
        ),
        migrations.RunSQL(RUN_SPENDERS, "drop view run_spenders"),
    ]
