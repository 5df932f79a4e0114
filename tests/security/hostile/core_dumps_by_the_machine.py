# Lowers the limit on core dumps to 0, at which the kernel starts a program of the machine's, as root,
# for each crash, where it is set up so.
import resource

before = resource.getrlimit(resource.RLIMIT_CORE)
attempt("none by prlimit", resource.prlimit, 0, resource.RLIMIT_CORE, (0, 0))
pair = ctypes.create_string_buffer(16)
attempt("none by setrlimit", call, 160, 164, 4, pair)
attempt("the softer one", resource.setrlimit, resource.RLIMIT_CORE, before)
if resource.getrlimit(resource.RLIMIT_CORE) != before:
    print("REACHED:", resource.getrlimit(resource.RLIMIT_CORE))
