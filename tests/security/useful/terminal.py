# Runs a program on a terminal of its own.
# says: yes
# only: bubblewrap
import os
import pty
import sys

child, leader = pty.fork()
if child == 0:
    os.execv(
        sys.executable,
        [sys.executable, "-c", "import sys; print('yes' if sys.stdout.isatty() else 'no')"],
    )
print(os.read(leader, 100).decode().strip())
os.waitpid(child, 0)
