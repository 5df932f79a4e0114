# Watches what other processes open, by fanotify and by notices on the system's folders.
attempt("fanotify_init", call, 300, 262, 0, 0)
attempt("fanotify_init, content", call, 300, 262, 4, 0)
attempt("fanotify_init, unprivileged", call, 300, 262, 0x200, 0)
