from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tools", "0012_names"),
    ]

    operations = [
        migrations.AlterField(
            model_name="egressrequest",
            name=name,
            field=models.UUIDField(blank=True, null=True),
        )
        for name in ("run_id", "step_id", "call_id")
    ]
