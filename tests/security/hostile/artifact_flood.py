# Leaves more artifacts than may be kept.
# says: held: made
# files: 00000, 00001, 00002, 00003, 00004
# limits: artifacts=5
for number in range(3000):
    with open(f"artifacts/{number:05}", "w") as file:
        file.write("x")
print("held: made")
