# Unpacks a little into far too much.
# status: memory_exceeded
# limits: wall_seconds=10 memory_megabytes=96
import zlib

packed = zlib.compress(bytes(1 << 26))
for _ in range(1):
    packed = zlib.compress(packed)
held = [zlib.decompress(zlib.decompress(packed)) for _ in range(40)]
print("REACHED:", len(held))
