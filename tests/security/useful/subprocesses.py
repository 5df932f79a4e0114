# Runs other programs, a shell with a pipeline, and itself.
# says: 3 hello 5
import subprocess
import sys

count = subprocess.run(
    "printf 'a\nb\nc\n' | sort | wc -l", shell=True, capture_output=True, text=True
)
echo = subprocess.run(["echo", "hello"], capture_output=True, text=True, check=True)
own = subprocess.run(
    [sys.executable, "-c", "print(2 + 3)"], capture_output=True, text=True, check=True
)
print(count.stdout.strip(), echo.stdout.strip(), own.stdout.strip())
