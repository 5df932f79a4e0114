# Takes watches, events, polls and locks of the kernel without end.
import select

held = []
for name, make in {"eventfd": lambda: os.eventfd(0), "epoll": select.epoll, "timer": lambda: call(283, 85, 1, 0),
                   "inotify": lambda: call(294, 26, 0)}.items():  # fmt: skip
    try:
        for _ in range(100_000):
            held.append(make())
        print("REACHED:", name)
    except OSError as error:
        print("held:", name, len(held), error)
        for one in held:
            os.close(one) if isinstance(one, int) else one.close()
        held.clear()
