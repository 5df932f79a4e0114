# Has the interpreter's own C code recur until its stack ends.
# status: error timeout
# says: held: words before
print("held: words before", flush=True)
sys.setrecursionlimit(1 << 30)
deep = []
for _ in range(200_000):
    deep = [deep]
repr(deep)
compile("(" * 500_000, "x", "eval")
json.loads("[" * 200_000)
