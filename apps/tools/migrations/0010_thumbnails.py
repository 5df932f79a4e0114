from django.db import migrations, models

from agentplatform.core.postgresql.row_security import tell_tenant


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0012_spending"),
        ("tools", "0009_audit"),
    ]

    operations = [
        migrations.AddField(
            model_name="artifact",
            name="thumbnail",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "none"),
                    ("wanted", "wanted"),
                    ("made", "made"),
                    ("failed", "cannot be made"),
                ],
                db_default="",
                default="",
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="artifact",
            index=models.Index(
                condition=models.Q(("thumbnail", "wanted")),
                fields=["created_at"],
                name="artifacts_thumbnail_wanted",
            ),
        ),
        tell_tenant("artifacts"),
    ]
