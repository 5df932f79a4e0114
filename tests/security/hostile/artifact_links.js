// Leaves links, FIFOs, sparse and oddly named files.
// files: kept.txt, ünï.txt
const { spawnSync } = require("child_process");

process.chdir("artifacts");
fs.symlinkSync(secrets.file, "file");
fs.symlinkSync("/", "root");
fs.symlinkSync("loop", "loop");
spawnSync("mkfifo", ["fifo"]);
fs.writeFileSync("kept.txt", "kept");
fs.writeFileSync("one", "1");
fs.linkSync("one", "two");
fs.writeFileSync("sparse", "");
fs.truncateSync("sparse", 200 << 20);
for (const name of ["ünï.txt", "line\nbreak", "escape\x1b[2J", "turned\u202egnp.exe"]) fs.writeFileSync(name, "x");
fs.mkdirSync("a/b/c/d/e/f/g/h/i/j/k/l/m", { recursive: true });
fs.writeFileSync("a/b/c/d/e/f/g/h/i/j/k/l/m/deep", "x");
say("held: made");
