# Leaves folders in folders, far deeper than anybody can walk, with a file at the bottom.
# files: kept.txt
os.chdir("artifacts")
with open("kept.txt", "w") as file:
    file.write("kept")
for _ in range(2000):
    os.mkdir("d")
    os.chdir("d")
with open("bottom.txt", "w") as file:
    file.write("x")
print("held: made")
