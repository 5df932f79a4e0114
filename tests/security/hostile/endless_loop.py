# Computes for ever.
# status: timeout
# limits: wall_seconds=0.5
while True:
    pass
