# Leaves many small files in folders.
# says: 100
# files: d0/f0, d0/f1, d1/f0, d1/f1, d2/f0, d2/f1
import os

for number in range(3):
    os.makedirs(f"artifacts/d{number}")
    for other in range(2):
        with open(f"artifacts/d{number}/f{other}", "w") as file:
            file.write("x")
os.makedirs("scratch")
for number in range(100):
    with open(f"scratch/{number}", "w") as file:
        file.write("x")
print(len(os.listdir("scratch")))
