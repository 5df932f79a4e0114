from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0012_runs_by_root"),
    ]

    operations = [
        migrations.AddField(
            model_name="runevent",
            name="item",
            field=models.IntegerField(null=True),
        ),
    ]
