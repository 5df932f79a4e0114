"""The bench of tenancy runs; what it measures is for people to judge."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TINY = ("--tenants", "2", "--rows", "60", "--rounds", "20")

pytestmark = pytest.mark.e2e


def test_the_bench_prints_its_table_and_writes_its_bars(tmp_path):
    file = tmp_path / "bars.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.tenancy", *TINY],
        cwd=ROOT,
        env=os.environ | {"BENCH_JSON": str(file)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    bars = json.loads(file.read_text())["bars"]
    assert {bar["name"] for bar in bars} >= {
        "primary key, by itself",
        "list of 50, in a transaction",
        "API key, cached",
        "token, cached",
    }
    assert all(bar.keys() == {"name", "value", "unit", "bar", "holds"} for bar in bars)
    assert all(bar["name"] in done.stdout for bar in bars)
