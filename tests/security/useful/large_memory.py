# Needs much memory, but no more than it may have.
# says: 314572800
data = bytearray(300 << 20)
for place in range(0, len(data), 4096):
    data[place] = 1
print(len(data))
