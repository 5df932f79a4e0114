"""The bench of the engine runs; what it measures is for people to judge."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.e2e


def test_the_bench_prints_its_table_and_writes_its_bars(tmp_path):
    file = tmp_path / "bars.json"
    done = run_bench("--only", "turns", "--rounds", "1", BENCH_JSON=str(file))
    assert done.returncode == 0, done.stderr
    bars = json.loads(file.read_text())["bars"]
    assert [(bar["name"], bar["unit"]) for bar in bars] == [("agent turn of 3 calls, p50", "ms")]
    assert all(bar.keys() == {"name", "value", "unit", "bar", "holds"} for bar in bars)
    assert all(bar["value"] > 0 and bar["name"] in done.stdout for bar in bars)


def test_an_unknown_line_is_refused_with_those_that_there_are():
    done = run_bench("--only", "turn")
    assert done.returncode == 2
    assert "there is no turn; there are throughput, latency" in done.stderr


def test_a_bench_that_is_told_to_end_leaves_nothing():
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # PostgreSQL's user must reach it
    folder.chmod(0o755)
    bench = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.engine", "--only", "turns"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert bench.stdout.readline() == "turns ...\n"
        assert list(folder.glob("agentplatform-bench-*"))
        bench.terminate()
        bench.communicate(timeout=60)
        assert list(folder.iterdir()) == []
    finally:
        bench.kill()
        shutil.rmtree(folder)


def run_bench(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tests.bench.engine", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=150,
    )
