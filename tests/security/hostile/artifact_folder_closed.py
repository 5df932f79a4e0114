# Takes every right from the folder of artifacts, and its own folder.
# says: held: closed
# files: x?
with open("artifacts/x", "w") as file:
    file.write("x")
os.chmod("artifacts", 0)
try:
    os.chmod(".", 0)
except OSError as error:
    print("held:", error)
print("held: closed")
