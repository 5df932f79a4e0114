# Starts threads without end.
# status: timeout memory_exceeded
# says: held:
# limits: wall_seconds=2
import threading

wait = threading.Event().wait
count = 0
while True:
    try:
        threading.Thread(target=wait, daemon=True).start()
        count += 1
    except RuntimeError as error:
        print("held:", count, error, flush=True)
        if count > 300:
            print("REACHED: threads", count)
        wait(60)
