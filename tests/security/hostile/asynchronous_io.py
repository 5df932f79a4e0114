# Takes the machine's one supply of asynchronous input and output.
context = ctypes.c_ulong(0)
attempt("io_setup", call, 206, 0, 128, ctypes.byref(context))
