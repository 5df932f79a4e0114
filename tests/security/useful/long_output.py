# Prints much, but no more than it may, in both streams, in order.
# says: line 9999
import sys

for number in range(10_000):
    print("line", number)
print("warned", file=sys.stderr)
