# Leaves a daemon behind: forked twice, in a session of its own, its descriptors closed.
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir("/")
        os.closerange(0, 64)
        import signal

        for number in range(1, 32):
            if number not in (9, 19, 17):
                signal.signal(number, signal.SIG_IGN)
        while True:
            signal.pause()
    os._exit(0)
os.wait()
print("held: the parent ends")
