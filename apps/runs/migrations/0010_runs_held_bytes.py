from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0009_checkpoints_task_versions"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="held_bytes",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
