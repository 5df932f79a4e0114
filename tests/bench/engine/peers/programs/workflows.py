"""DBOS by itself: `workflows.py DATABASE_URL EXECUTOR [POLL_SECONDS]`, in the peers' environment.

With POLL_SECONDS it works on its queue, which it asks so often. Each line read is an order:
`run N` calls N workflows of STEPS steps in this process, on THREADS threads, and says the
milliseconds from the first start to the last result; `queue` has one enqueued for whoever works on
the queue, and says the milliseconds until its row, asked each LOOK_SECONDS, says that it is over.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
from dbos import DBOS, DBOSClient

STEPS = 10
THREADS = 3
"""What does most on 2 processors; more threads do less."""
LOOK_SECONDS = 0.001
QUEUE = "bench"
IS_OVER = "select status = 'SUCCESS' from dbos.workflow_status where workflow_uuid = %s"


@DBOS.step()
def noop() -> None:
    return None


@DBOS.workflow(name="chain")
def chain() -> None:
    for _ in range(STEPS):
        noop()


def main() -> None:
    url, executor, *poll_seconds = sys.argv[1:]
    DBOS(
        config={
            "name": "bench",
            "system_database_url": url,
            "executor_id": executor,
            "application_version": "1",
            "log_level": "WARNING",
            "sys_db_pool_size": THREADS + 2,
            "enable_otlp": False,
        }
    )
    DBOS.listen_queues([QUEUE] if poll_seconds else [])
    DBOS.launch()
    if poll_seconds:
        DBOS.register_queue(QUEUE, polling_interval_sec=float(poll_seconds[0]))
    client = DBOSClient(system_database_url=url)
    with ThreadPoolExecutor(THREADS) as pool, psycopg.connect(url, autocommit=True) as look:
        print("ready", flush=True)
        for line in sys.stdin:
            order, *count = line.split()
            began = time.perf_counter()
            if order == "run":
                for ended in [pool.submit(chain) for _ in range(int(count[0]))]:
                    ended.result()
            else:
                wait(look, client.enqueue({"workflow_name": "chain", "queue_name": QUEUE}))
            print((time.perf_counter() - began) * 1000, flush=True)
    DBOS.destroy()


def wait(look, handle) -> None:
    while not look.execute(IS_OVER, [handle.workflow_id]).fetchone()[0]:
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
