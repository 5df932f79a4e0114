# Leaves links to files of the host, to folders, to itself, to its program and to what is not there.
# files: kept.txt
os.chdir("artifacts")
for name, target in {
    "file": secrets["file"],
    "shadow": "/etc/shadow",
    "environment": f"/proc/{secrets['worker']}/environ",
    "own": "/proc/self/environ",
    "folder": secrets["folder"],
    "root": "/",
    "loop": "loop",
    "above": "../../../../../../etc/passwd",
    "kept link": "kept.txt",
}.items():
    os.symlink(target, name)
with open("kept.txt", "w") as file:
    file.write("kept")
print("held: links made")
