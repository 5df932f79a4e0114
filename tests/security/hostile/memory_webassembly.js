// Takes memory in WebAssembly.
// status: memory_exceeded
// limits: wall_seconds=20 memory_megabytes=128
const held = [];
for (;;) {
  const memory = new WebAssembly.Memory({ initial: 64 });
  new Uint8Array(memory.buffer).fill(1);
  held.push(memory);
}
