// Prints without end through a stream, without waiting for it to drain.
// status: output_exceeded memory_exceeded
// limits: wall_seconds=20 output_bytes=100000 memory_megabytes=256
setInterval(() => {
  for (let i = 0; i < 100; i++) process.stdout.write("x".repeat(1 << 14));
}, 1);
