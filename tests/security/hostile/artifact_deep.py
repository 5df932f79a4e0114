# Leaves folders in folders, far deeper than anybody can walk, with a file at the bottom.
# status: ok disk_exceeded
# says: held:
# files: kept.txt
os.chdir("artifacts")
print("held: begins", flush=True)
with open("kept.txt", "w") as file:
    file.write("kept")
for _ in range(2000):
    os.mkdir("d")
    os.chdir("d")
with open("bottom.txt", "w") as file:
    file.write("x")
print("held: made")
