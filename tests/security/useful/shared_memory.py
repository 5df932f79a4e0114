# Shares memory between processes.
# says: 42
# only: bubblewrap
import multiprocessing
from multiprocessing.shared_memory import SharedMemory


def fill(name):
    block = SharedMemory(name=name)
    block.buf[0] = 42
    block.close()


if __name__ == "__main__":
    block = SharedMemory(create=True, size=1 << 20)
    child = multiprocessing.Process(target=fill, args=(block.name,))
    child.start()
    child.join()
    print(block.buf[0])
    block.close()
    block.unlink()
