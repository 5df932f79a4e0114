# Computes for ever inside one call, which no signal of the interpreter can interrupt.
# status: timeout memory_exceeded
# limits: wall_seconds=0.5
sum(iter(int, 1))
