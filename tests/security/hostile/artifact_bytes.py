# Leaves artifacts that are too large, alone and together.
# says: held: made
# files: a, b
# limits: artifact_bytes=1000 artifacts_bytes=1500
for name, size in (("0 large", 1001), ("a", 1000), ("b", 500), ("c", 1), ("d", 1000)):
    with open(f"artifacts/{name}", "w") as file:
        file.write("x" * size)
print("held: made")
