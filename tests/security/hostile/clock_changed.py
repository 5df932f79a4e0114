# Sets the clock.
import subprocess
import struct
import time

now = ctypes.create_string_buffer(struct.pack("qq", 1, 0))
for clock in (0, 1, 7, 11):
    attempt(f"clock_settime {clock}", call, 227, 112, clock, now)
attempt("settimeofday", call, 164, 170, now, None)
change = ctypes.create_string_buffer(struct.pack("i", 1) + bytes(250))
attempt("adjtimex", call, 159, 171, change)
attempt("clock_adjtime", call, 305, 266, 0, change)
attempt("date", subprocess.run, ["date", "-s", "2000-01-01"], check=True, capture_output=True)
attempt("rtc", open, "/dev/rtc0", "rb")
if time.time() < 1_600_000_000:
    print("REACHED: the clock was set")
