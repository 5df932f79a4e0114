"""The prices of OpenAI's models that embed. Those that an operator has set already stay."""

from django.db import migrations

NANOS = 10**9
MODELS = (
    ("text-embedding-3-small", "2024-01-25", NANOS * 2 // 100),
    ("text-embedding-3-large", "2024-01-25", NANOS * 13 // 100),
    ("text-embedding-ada-002", "2023-06-13", NANOS * 10 // 100),
)


def add_prices(apps, schema_editor):
    model_price = apps.get_model("gateway", "ModelPrice")
    model_price.objects.using(schema_editor.connection.alias).bulk_create(
        [
            model_price(provider="openai", model=model, since=since, input_rate=rate, output_rate=0)
            for model, since, rate in MODELS
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("gateway", "0010_model_routes")]

    operations = [migrations.RunPython(add_prices, migrations.RunPython.noop)]
