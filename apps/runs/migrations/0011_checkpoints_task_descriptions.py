from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0010_runs_held_bytes"),
    ]

    operations = [
        migrations.AddField(
            model_name="checkpoint",
            name="task_descriptions",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
