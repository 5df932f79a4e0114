# Looks for descriptors that the worker left open in it, and reads or writes what it finds.
# says: searched
import stat

for number in range(3, 4096):
    try:
        about = os.fstat(number)
    except OSError:
        continue
    link = os.readlink(f"/proc/self/fd/{number}")
    if link.startswith(("/program", f"/proc/{os.getpid()}")) and stat.S_ISREG(about.st_mode):
        continue  # the program's own source
    if link == os.getcwd():
        continue  # its own work folder, which lite opens for it
    print("REACHED:", number, link)
print("searched")
