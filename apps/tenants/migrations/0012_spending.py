from pathlib import Path

from django.db import migrations

FUNCTION = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("tenants", "0011_rates_of_tenants")]

    operations = [migrations.RunSQL(FUNCTION, "drop function spending")]
