# Maps memory privately, page by page.
# status: memory_exceeded
# limits: wall_seconds=10 memory_megabytes=96
import mmap

held = []
while True:
    page = mmap.mmap(-1, 1 << 22, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for place in range(0, 1 << 22, 4096):
        page[place] = 1
    held.append(page)
