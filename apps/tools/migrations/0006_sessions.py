from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tools", "0005_tool_secrets")]

    operations = [
        migrations.AddField(
            model_name="artifact",
            name="session",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
