# Writes a module and a package, and imports them.
# says: 7 8
import os
import sys

os.makedirs("mine")
with open("mine/__init__.py", "w") as file:
    file.write("from .part import SEVEN\n")
with open("mine/part.py", "w") as file:
    file.write("SEVEN = 7\n")
with open("single.py", "w") as file:
    file.write("def next_of(n):\n    return n + 1\n")
sys.path.insert(0, os.getcwd())
import mine
import single

print(mine.SEVEN, single.next_of(mine.SEVEN))
