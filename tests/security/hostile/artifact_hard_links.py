# Leaves hard links: to its input, to files of the system, to the host's, to each other.
# files: kept.txt
for name, target in {
    "host": secrets["file"],
    "system": "/etc/passwd",
    "program": __file__,
    "shell": "/bin/sh",
}.items():
    attempt(name, os.link, target, f"artifacts/{name}")
with open("artifacts/one", "w") as file:
    file.write("x")
os.link("artifacts/one", "artifacts/two")
with open("outside", "w") as file:
    file.write("x")
os.link("outside", "artifacts/three")
with open("artifacts/kept.txt", "w") as file:
    file.write("kept")
