# Leaves daemons behind by every way to start them.
import multiprocessing
import subprocess
import threading

sleep = ["sleep", "600"]
quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
subprocess.Popen(sleep, start_new_session=True, **quiet)
subprocess.Popen(["nohup", *sleep], process_group=0, **quiet)
subprocess.Popen(["setsid", "-f", *sleep], **quiet)
subprocess.Popen(["/bin/sh", "-c", "(sleep 600 &) & trap '' TERM HUP INT; exec sleep 600"], **quiet)
os.posix_spawn("/bin/sleep", sleep, {}, setsid=True)
print("held: five of them", flush=True)
os._exit(0)
