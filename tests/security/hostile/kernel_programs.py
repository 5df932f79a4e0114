# Loads programs and modules into the kernel.
buffer = ctypes.create_string_buffer(128)
for command in range(0, 12):
    attempt(f"bpf {command}", call, 321, 280, command, buffer, 128)
attempt("init_module", call, 175, 105, buffer, 128, ctypes.c_char_p(b""))
attempt("finit_module", call, 313, 273, 0, ctypes.c_char_p(b""), 0)
attempt("delete_module", call, 176, 106, ctypes.c_char_p(b"loop"), 0)
attempt("kexec_load", call, 246, 104, 0, 0, None, 0)
attempt("kexec_file_load", call, 320, 294, 0, 0, 0, None, 0)
attempt("reboot", call, 169, 142, 0xFEE1DEAD, 672274793, 0x01234567, None)
