# Writes and reads files of many megabytes, sparse ones too.
# says: 67108864 ok
# files: large.bin
with open("artifacts/large.bin", "wb") as file:
    for _ in range(20):
        file.write(b"x" * (1 << 20))
with open("/tmp/scratch", "wb") as file:
    for _ in range(64):
        file.write(b"x" * (1 << 20))
with open("/tmp/scratch", "rb") as file:
    print(sum(len(part) for part in iter(lambda: file.read(1 << 20), b"")), "ok")
