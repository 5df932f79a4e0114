# Turns off the protections of its address space by a personality.
for persona in (0x0040000, 0x0400000, 0x8, 0x20):
    attempt(f"personality {persona:x}", call, 135, 92, persona)
