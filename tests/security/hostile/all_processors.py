# Computes on every processor at once, and counts how much of them it gets.
# status: timeout
# limits: wall_seconds=1
for _ in range(8):
    if os.fork() == 0:
        break
while True:
    pass
