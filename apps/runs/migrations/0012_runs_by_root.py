from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0011_checkpoints_task_descriptions"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="root_run_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("root_run_id__isnull", False)),
                fields=["root_run_id"],
                name="runs_by_root",
            ),
        ),
    ]
