# Leaves names and paths that are as long as the kernel allows.
# files: kept.txt
attempt("256 letters", open, "artifacts/" + "x" * 256, "w")
attempt("5,000 letters", open, "artifacts/" + "x/" * 2500, "w")
os.chdir("artifacts")
with open("kept.txt", "w") as file:
    file.write("kept")
for _ in range(30):
    os.mkdir("y" * 200)
    os.chdir("y" * 200)
    with open("z" * 255, "w") as file:
        file.write("x")
