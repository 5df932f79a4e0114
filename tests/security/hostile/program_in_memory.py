# Runs a program from memory that no file shows.
# says: tried
import subprocess


def run():
    number = call(319, 279, ctypes.c_char_p(b"x"), 0)
    with open("/usr/bin/id", "rb") as source:
        os.write(number, source.read())
    return subprocess.run(
        [f"/proc/self/fd/{number}", "-u"], pass_fds=[number], capture_output=True
    ).stdout


try:
    told = run()
except OSError as error:
    print("held:", error)
else:
    print("ran as", told)
    if told.strip() == b"0":
        print("REACHED: root by a program in memory")
attempt("memfd_secret", call, 447, 447, 0)
print("tried")
