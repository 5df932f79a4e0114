// Takes memory outside the heap, where Node's own limit does not count it.
// status: memory_exceeded
// limits: wall_seconds=20 memory_megabytes=128
const held = [];
for (;;) held.push(Buffer.alloc(1 << 22, 1));
