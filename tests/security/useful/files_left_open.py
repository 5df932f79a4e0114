# Leaves a file and an object to the end of the interpreter, which closes both.
# says: finalised with 1,2
# at: bubblewrap-root-warm
import csv
import os


class Last:
    def __init__(self):
        self.file = open("table.csv", "w", newline="")
        self.reader = open("table.csv")
        self.write = os.write

    def __del__(self):
        self.file.close()
        self.write(1, f"finalised with {self.reader.read()}".encode())


last = Last()
csv.writer(last.file).writerow([1, 2])
