import agentplatform.core.ids
import django.db.models.deletion
from django.db import migrations, models

from agentplatform.core.postgresql.row_security import be_referred, protect, refer


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0011_rates_of_tenants"),
        ("tools", "0010_thumbnails"),
    ]

    operations = [
        migrations.CreateModel(
            name="McpServer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=agentplatform.core.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=24)),
                ("url", models.CharField(max_length=2000)),
                ("secret", models.CharField(blank=True, max_length=63)),
                ("is_enabled", models.BooleanField(default=True)),
                ("protocol_version", models.CharField(max_length=32)),
                ("left_out", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("refreshed_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "mcp_servers",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="McpTool",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=agentplatform.core.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("called", models.CharField(max_length=64)),
                ("description", models.TextField(blank=True)),
                ("parameters", models.JSONField()),
                ("result", models.JSONField(blank=True, null=True)),
                ("is_repeatable", models.BooleanField(default=False)),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        db_constraint=False,
                        related_name="tools",
                        to="tools.mcpserver",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "mcp_tools",
                "ordering": ("called",),
            },
        ),
        migrations.AddConstraint(
            model_name="mcpserver",
            constraint=models.UniqueConstraint(
                fields=("tenant", "name"), name="mcp_servers_one_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="mcptool",
            constraint=models.UniqueConstraint(
                fields=("tenant", "called"), name="mcp_tools_one_name"
            ),
        ),
        protect("mcp_servers"),
        protect("mcp_tools"),
        be_referred("mcp_servers"),
        refer("mcp_tools", "server_id", "mcp_servers"),
    ]
