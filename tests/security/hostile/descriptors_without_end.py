# Opens files until there are no more descriptors.
# says: held: OSError
held = []
try:
    while len(held) < 100_000:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    os.closerange(3, 1000)
    os.write(1, f"held: OSError {len(held)} {error}\n".encode())
if len(held) > 5000:
    print("REACHED:", len(held), flush=True)
os._exit(0)
