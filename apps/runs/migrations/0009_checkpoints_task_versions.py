from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0008_lease_owner"),
    ]

    operations = [
        migrations.AddField(
            model_name="checkpoint",
            name="task_versions",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
