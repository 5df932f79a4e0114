from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0006_deferred_calls"),
    ]

    operations = [
        migrations.AddField(
            model_name="llmevent",
            name="api_key_id",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="llmevent",
            name="cache_write_tokens",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="llmevent",
            name="user_id",
            field=models.UUIDField(blank=True, null=True),
        ),
    ]
