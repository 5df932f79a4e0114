from pathlib import Path

from django.db import migrations

FUNCTIONS = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("gateway", "0012_keyed_calls")]

    operations = [migrations.RunSQL(FUNCTIONS, "drop function end_calls, note_attempts")]
