# Dies in a way that would leave its memory in a file.
# status: error killed
# says: dying
import resource
import signal

try:
    resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
    print("REACHED: core dumps")
except (OSError, ValueError) as error:
    print("held:", error)
os.chdir("artifacts")
print("dying", flush=True)
os.kill(os.getpid(), signal.SIGABRT)
