from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tools", "0008_egress"),
    ]

    operations = [
        migrations.AddField(
            model_name="toolcall",
            name="action",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="toolcall",
            name="sealed_arguments",
            field=models.TextField(blank=True, db_default="", default="", editable=False),
        ),
        migrations.AddField(
            model_name="toolcall",
            name="task_arn",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=300, verbose_name="ECS task"
            ),
        ),
    ]
