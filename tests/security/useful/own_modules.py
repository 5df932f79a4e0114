# Writes a module and a package, and imports them; one named as the library's does not hide that.
# says: 7 8 True
# at: lite-root
import os

os.makedirs("mine")
with open("mine/__init__.py", "w") as file:
    file.write("from .part import SEVEN\n")
with open("mine/part.py", "w") as file:
    file.write("SEVEN = 7\n")
with open("single.py", "w") as file:
    file.write("def next_of(n):\n    return n + 1\n")
with open("colorsys.py", "w") as file:
    file.write("raise ImportError\n")
import colorsys
import mine
import single

print(mine.SEVEN, single.next_of(mine.SEVEN), hasattr(colorsys, "rgb_to_hsv"))
