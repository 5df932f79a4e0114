// Packs and unpacks, at once and as a stream.
// says: 10000 true
// files: out.gz
const zlib = require("zlib");
const fs = require("fs");

const text = Buffer.from("x".repeat(10000));
fs.writeFileSync("artifacts/out.gz", zlib.gzipSync(text));
const back = zlib.gunzipSync(fs.readFileSync("artifacts/out.gz"));
console.log(back.length, zlib.brotliDecompressSync(zlib.brotliCompressSync(text)).equals(text));
