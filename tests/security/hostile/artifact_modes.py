# Leaves files and folders that their owner may not read, and a file that would run as its owner.
# says: held: made
# files: kept.txt, setuid, secret.txt?, closed/x?
os.chdir("artifacts")
for name, mode in (("kept.txt", 0o644), ("secret.txt", 0), ("setuid", 0o6777)):
    with open(name, "w") as file:
        file.write("x")
    os.chmod(name, mode)
os.mkdir("closed")
with open("closed/x", "w") as file:
    file.write("x")
os.chmod("closed", 0)
print("held: made")
