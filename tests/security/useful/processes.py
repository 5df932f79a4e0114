# Works in several processes, by a pool and by a queue.
# says: [0, 1, 4, 9, 16] 10
# only: bubblewrap
import multiprocessing


def square(number):
    return number * number


def put(target):
    target.put(10)


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        squares = pool.map(square, range(5))
    target = multiprocessing.Queue()
    child = multiprocessing.Process(target=put, args=(target,))
    child.start()
    print(squares, target.get(timeout=5))
    child.join()
