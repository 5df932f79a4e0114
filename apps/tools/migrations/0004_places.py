from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0006_places"),
        ("tools", "0003_artifacts_content"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="toolcall",
            name="toolcall_queued",
        ),
        migrations.AddField(
            model_name="toolcall",
            name="is_held",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="toolcall",
            name="priority",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name="toolcall",
            index=models.Index(
                condition=models.Q(("is_held", False), ("status", "QUEUED")),
                fields=["created_at"],
                name="toolcall_queued",
            ),
        ),
        migrations.AddIndex(
            model_name="toolcall",
            index=models.Index(
                condition=models.Q(("is_held", True), ("status", "QUEUED")),
                fields=["tenant", "-priority", "created_at"],
                name="toolcall_held",
            ),
        ),
    ]
