"""DBOS by itself: `workflows.py DATABASE_URL EXECUTOR THREADS`, in the peers' environment.

Each line read is a number: that many workflows of STEPS steps are run, on THREADS threads, and the
milliseconds that it took, from the first start to the last result, are printed.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from dbos import DBOS

STEPS = 10


@DBOS.step()
def noop() -> None:
    return None


@DBOS.workflow()
def chain() -> None:
    for _ in range(STEPS):
        noop()


def main() -> None:
    url, executor, threads = sys.argv[1:]
    settings = {
        "name": "bench",
        "system_database_url": url,
        "executor_id": executor,
        "application_version": "1",
        "log_level": "WARNING",
        "sys_db_pool_size": int(threads) + 2,
        "enable_otlp": False,
    }
    DBOS(config=settings)
    DBOS.launch()
    with ThreadPoolExecutor(int(threads)) as pool:
        print("ready", flush=True)
        for line in sys.stdin:
            began = time.perf_counter()
            for ended in [pool.submit(chain) for _ in range(int(line))]:
                ended.result()
            print((time.perf_counter() - began) * 1000, flush=True)
    DBOS.destroy()


if __name__ == "__main__":
    main()
