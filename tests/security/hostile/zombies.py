# Fills the table of processes with dead children that nobody waits for, and orphans of them.
# status: ok
import time

made = 0
for number in range(2000):
    try:
        if os.fork() == 0:
            if number % 2:
                os._exit(0)
            if os.fork() == 0:
                os._exit(0)
            os._exit(0)
        made += 1
    except OSError as error:
        print("held:", made, error)
        break
else:
    print("REACHED: made", made)
