"""The bench's graphs as an operator installs them: a package with entry points."""

from pathlib import Path

GROUP = "agentplatform.graphs"
GRAPHS = {"bench_noop": "NOOP", "bench_solo": "SOLO", "bench_trio": "TRIO"}


def install_graphs(folder: Path) -> str:
    """Write the package's metadata below `folder`; returns what belongs on PYTHONPATH."""
    package = folder / "graphs"
    info = package / "bench_graphs-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: bench-graphs\nVersion: 1\n")
    entries = [f"{name} = tests.bench.engine.graphs:{kind}" for name, kind in GRAPHS.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *entries]) + "\n")
    return str(package)
