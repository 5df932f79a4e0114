# Writes into its own standard input and program, which a later call might be given.


def write_to(path):
    with open(path, "r+b", buffering=0) as file:
        return file.write(b"x")


attempt("stdin to write", write_to, "/proc/self/fd/0")
attempt("stdin by its number", os.write, 0, b"x")
attempt("stdin cut", os.ftruncate, 0, 0)
attempt("program to write", open, __file__, "r+b")
attempt("program removed", os.unlink, __file__)
attempt("program renamed", os.rename, __file__, __file__ + ".old")
