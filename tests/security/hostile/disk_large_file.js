// Writes one file without end.
// status: disk_exceeded
// limits: wall_seconds=20 work_megabytes=32 file_megabytes=64
const file = fs.openSync(`${spare}/x`, "w");
const part = Buffer.alloc(1 << 20, 1);
for (;;) fs.writeSync(file, part);
