# Leaves settings behind that the next call's interpreter or a program with rights would heed.
import pathlib
import subprocess

for path in (
    "/etc/ld.so.preload",
    "/etc/profile",
    "/etc/environment",
    "/etc/ld.so.conf",
):
    attempt(path, open, path, "a")
for name in (".bashrc", ".profile", "sitecustomize.py", ".pythonrc"):
    pathlib.Path(os.path.expanduser("~"), name).write_text("print('BROKEN')")
done = subprocess.run(["su", "-c", "id"], env={"LD_PRELOAD": "/tmp/x.so", "PATH": os.environ["PATH"]},
                      capture_output=True, text=True, stdin=subprocess.DEVNULL)  # fmt: skip
print("held:", done.returncode, done.stderr[:100])
