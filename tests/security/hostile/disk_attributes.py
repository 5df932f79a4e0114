# Stores data in the attributes of files, where nobody counts it.
# status: ok error disk_exceeded memory_exceeded
open(f"{spare}/x", "w").close()
stored = 0
try:
    for number in range(100_000):
        os.setxattr(f"{spare}/x", f"user.{number}", b"x" * 4096)
        stored += 4096
except OSError as error:
    print("held:", stored, error)
if stored > 256 << 20:
    print("REACHED:", stored)
