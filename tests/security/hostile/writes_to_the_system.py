# Writes wherever a later call or the host might read it.
folders = ["/", "/usr", "/usr/bin", "/usr/lib", "/usr/local/bin", "/etc", "/dev", "/proc", "/sys", "/program", "/var/tmp",
           "/home", "/root", "/run", "/opt", os.path.dirname(secrets["file"])]  # fmt: skip
for folder in folders:
    attempt(folder, open, f"{folder}/left-by-a-program", "w")
attempt("planted file", open, secrets["file"], "w")
attempt("removed", os.unlink, secrets["file"])
