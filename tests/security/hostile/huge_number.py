# Computes a number with more digits than there is time for.
# status: timeout memory_exceeded error
# limits: wall_seconds=0.5
print(9**9**9)
