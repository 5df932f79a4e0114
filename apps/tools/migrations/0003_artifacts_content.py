from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tools", "0002_row_security")]

    operations = [
        migrations.AddIndex(
            model_name="artifact",
            index=models.Index(fields=["tenant", "sha256"], name="artifacts_content"),
        ),
    ]
