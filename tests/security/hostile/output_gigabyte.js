// Prints without end.
// status: output_exceeded
// limits: wall_seconds=20 output_bytes=100000
const part = "x".repeat(1 << 16);
for (;;) fs.writeSync(1, part);
