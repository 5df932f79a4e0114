from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("tools", "0011_mcp_servers"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="mcpserver",
            options={"ordering": ("-id",), "verbose_name": "MCP server"},
        ),
        migrations.AlterModelOptions(
            name="mcptool",
            options={"ordering": ("called",), "verbose_name": "MCP tool"},
        ),
    ]
