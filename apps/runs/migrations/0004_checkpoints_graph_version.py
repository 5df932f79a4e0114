from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0003_runs_by_end")]

    operations = [
        migrations.AddField(
            model_name="checkpoint",
            name="graph_version",
            field=models.CharField(db_default="1", default="1", max_length=63),
        ),
    ]
