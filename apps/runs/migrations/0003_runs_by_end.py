from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0002_row_security")]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["tenant", "completed_at"], name="runs_by_end"),
        ),
    ]
