# Takes far more memory than it may have in one piece.
# status: memory_exceeded
# limits: wall_seconds=10 memory_megabytes=96
held = bytearray(b"x") * (8 << 30)
