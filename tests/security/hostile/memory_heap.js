// Takes memory on JavaScript's heap without end.
// status: memory_exceeded
// limits: wall_seconds=20 memory_megabytes=128
const held = [];
for (let i = 0; ; i++) held.push({ i, text: `number ${i}` });
