from django.db import migrations

from agentplatform.core.postgresql.row_security import protect, tell_tenant


class Migration(migrations.Migration):
    dependencies = [("tools", "0001_initial"), ("tenants", "0004_row_security")]

    operations = [
        protect("tool_events"),
        protect("artifacts"),
        tell_tenant("tool_events"),
    ]
