# Ends, while children go on writing to an artifact, cutting it and replacing it.
# files: growing
# limits: wall_seconds=5
import time

with open("artifacts/growing", "wb") as file:
    file.write(b"x" * 1000)
for action in range(3):
    if os.fork() == 0:
        os.setsid()
        while True:
            try:
                if action == 0:
                    with open("artifacts/growing", "ab") as file:
                        file.write(b"x" * 4096)
                    time.sleep(0.001)
                elif action == 1:
                    os.truncate("artifacts/growing", 10)
                else:
                    with open("artifacts/growing", "r+b") as file:
                        file.write(b"y")
            except OSError:
                os._exit(0)
time.sleep(0.2)
print("held: the parent ends", flush=True)
os._exit(0)
