# Becomes itself again, for ever.
# status: timeout
# limits: wall_seconds=0.5
os.execv("/bin/sh", ["/bin/sh", "-c", 'exec /bin/sh -c "$0" "$0"', 'exec /bin/sh -c "$0" "$0"'])
