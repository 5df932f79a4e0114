# Prints JSON that is nested deeper than a reader's stack.
# says: [[[[
print("[" * 200_000)
