from django.db import migrations

COPY = """
insert into rate_limits (tenant_id, is_each_user, requests_per_minute, algorithm, changed_at)
select id, false, greatest(rate_limit_per_minute, 1), 'sliding_window', now() from tenants
where rate_limit_per_minute <> 100
union all
select id, true, greatest(user_rate_limit_per_minute, 1), 'sliding_window', now() from tenants
where user_rate_limit_per_minute <> 20
"""


class Migration(migrations.Migration):
    """What differs from the defaults moves to the table of rate limits."""

    dependencies = [("tenants", "0010_rate_limits")]

    operations = [
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        migrations.RemoveField("tenant", "rate_limit_per_minute"),
        migrations.RemoveField("tenant", "user_rate_limit_per_minute"),
    ]
