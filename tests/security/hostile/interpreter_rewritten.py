# Overwrites the interpreter that every later call would run, by name and by /proc/self/exe.
for path in (
    sys.executable,
    os.path.realpath(sys.executable),
    "/proc/self/exe",
    "/proc/1/exe",
    "/bin/sh",
):
    for mode in ("r+b", "wb"):
        attempt(f"{path} {mode}", open, path, mode)
attempt("library", open, os.__file__, "a")
attempt("packages", open, os.path.join(os.path.dirname(os.__file__), "sitecustomize.py"), "w")
attempt("etc", open, "/etc/ld.so.preload", "w")
attempt("site", os.makedirs, "/usr/lib/python3/dist-packages/x")
