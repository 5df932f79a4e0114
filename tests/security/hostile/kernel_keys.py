# Reads and adds keys of the kernel's keyrings, which no namespace divides.
name = ctypes.c_char_p
for ring in (-1, -2, -3, -4, -5):
    attempt(f"add_key {ring}", call, 248, 217, name(b"user"), name(b"k"), name(b"v"), 1, ring)
    attempt(f"keyctl read {ring}", call, 250, 219, 11, ring, None, 0, 0)
attempt("request_key", call, 249, 218, name(b"user"), name(b"k"), None, -3)
attempt("new session ring", call, 250, 219, 1, None, 0, 0, 0)
attempt("persistent ring", call, 250, 219, 22, -1, -3, 0, 0)
