# Has many children print at once, on both streams.
# status: output_exceeded
# limits: wall_seconds=20 output_bytes=100000
for number in range(8):
    if os.fork() == 0:
        break
while True:
    os.write(1 + number % 2, b"x" * 4096)
