# Works in many threads at once, with queues, locks and a pool.
# says: 4950 100
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

done = queue.Queue()
lock = threading.Lock()
total = 0


def work(number):
    global total
    with lock:
        total += number
    done.put(number)


with ThreadPoolExecutor(32) as pool:
    list(pool.map(work, range(100)))
print(total, done.qsize())
