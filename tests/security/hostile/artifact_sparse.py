# Leaves files that are huge without holding anything.
# files: kept.txt
for name, size in (("large", 200 << 20), ("larger", (1 << 28) - 1)):
    with open(f"artifacts/{name}", "wb") as file:
        file.truncate(size)
with open("artifacts/kept.txt", "w") as file:
    file.write("kept")
with open("artifacts/terabyte", "wb") as file:
    attempt("terabyte", file.truncate, 1 << 40)
os.unlink("artifacts/terabyte")
