# Prints one line that is as long as all its output may be.
# says: xxxxxxxx
print("x" * ((1 << 20) - 1))
