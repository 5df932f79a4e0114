# Works through io_uring, whose requests no system call filter sees.
buffer = ctypes.create_string_buffer(256)
attempt("io_uring_setup", call, 425, 425, 8, buffer)
attempt("io_uring_enter", call, 426, 426, 0, 1, 0, 0, None, 0)
attempt("io_uring_register", call, 427, 427, 0, 0, None, 0)
