"""The prices that the platform comes with. Those that an operator has set already stay."""

import csv
from decimal import Decimal
from pathlib import Path

from django.db import migrations

PRICES = Path(__file__).with_name("0005_prices.csv")
RATES = {
    "input": "input_rate",
    "output": "output_rate",
    "cached_input": "cached_rate",
    "cache_write": "cache_write_rate",
}


def add_prices(apps, schema_editor):
    model_price = apps.get_model("gateway", "ModelPrice")
    rows = csv.DictReader(PRICES.read_text(encoding="utf-8").splitlines())
    model_price.objects.using(schema_editor.connection.alias).bulk_create(
        [
            model_price(
                provider=row["provider"],
                model=row["model"],
                since=row["since"],
                **{field: nanos(row[column]) for column, field in RATES.items()},
            )
            for row in rows
        ],
        ignore_conflicts=True,
    )


def nanos(usd):
    return int(Decimal(usd) * 10**9) if usd else None


class Migration(migrations.Migration):
    dependencies = [("gateway", "0004_model_prices")]

    operations = [migrations.RunPython(add_prices, migrations.RunPython.noop)]
