// Takes memory that threads share.
// status: memory_exceeded
// limits: wall_seconds=20 memory_megabytes=128
const held = [];
for (;;) {
  const part = new Uint8Array(new SharedArrayBuffer(1 << 22));
  part.fill(1);
  held.push(part);
}
