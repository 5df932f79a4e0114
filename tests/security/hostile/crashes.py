# Breaks its interpreter.
# status: error
# says: held: words before
print("held: words before", flush=True)
ctypes.string_at(0)
