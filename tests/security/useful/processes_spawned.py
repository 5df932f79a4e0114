# Starts processes that import the program anew, as on other systems.
# says: [1, 2, 3]
# only: bubblewrap
import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def add(number):
    return number + 1


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        print(list(pool.map(add, range(3))))
