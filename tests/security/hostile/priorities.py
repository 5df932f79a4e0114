# Takes more of the processor than others: priorities, classes, all cores.
def set_affinity():
    os.sched_setaffinity(0, range(os.cpu_count()))


attempt("nice", os.nice, -5)
attempt("setpriority", os.setpriority, os.PRIO_PROCESS, 0, -20)
attempt("priority of the worker", os.setpriority, os.PRIO_PROCESS, secrets["worker"], 19)
attempt("fifo", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(50))
attempt("round robin", os.sched_setscheduler, 0, os.SCHED_RR, os.sched_param(1))
attempt("io class", call, 251, 30, 1, 0, (1 << 13) | 0)
attempt("affinity", set_affinity)
