// Builds texts that are as long as texts can be.
// status: memory_exceeded error
// limits: wall_seconds=20 memory_megabytes=128
const held = [];
for (;;) held.push(Buffer.from("x".repeat(1 << 24)).toString("utf16le"));
