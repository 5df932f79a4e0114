from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0002_row_security"),
        ("tenants", "0006_places"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="llmcall",
            name="llmcall_queued",
        ),
        migrations.AddField(
            model_name="llmcall",
            name="is_held",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="llmcall",
            name="priority",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name="llmcall",
            index=models.Index(
                condition=models.Q(("is_held", False), ("status", "QUEUED")),
                fields=["created_at"],
                name="llmcall_queued",
            ),
        ),
        migrations.AddIndex(
            model_name="llmcall",
            index=models.Index(
                condition=models.Q(("is_held", True), ("status", "QUEUED")),
                fields=["tenant", "-priority", "created_at"],
                name="llmcall_held",
            ),
        ),
    ]
