from django.db import migrations

from agentplatform.core.postgresql.row_security import protect, tell_tenant


class Migration(migrations.Migration):
    dependencies = [("gateway", "0001_initial"), ("tenants", "0004_row_security")]

    operations = [
        protect("llm_calls"),
        protect("llm_events"),
        tell_tenant("llm_calls"),
    ]
