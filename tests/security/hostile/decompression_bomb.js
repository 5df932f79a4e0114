// Unpacks a little into far too much.
// status: memory_exceeded
// limits: wall_seconds=20 memory_megabytes=128
const zlib = require("zlib");

const packed = zlib.gzipSync(Buffer.alloc(1 << 24));
const held = [];
for (;;) held.push(zlib.gunzipSync(packed));
