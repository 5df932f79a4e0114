# Prints a gigabyte of errors.
# status: output_exceeded
# limits: wall_seconds=20 output_bytes=100000
while True:
    sys.stderr.write("x" * 65536)
