// Runs other programs, a shell and itself, with messages between them.
// says: out 3 pong
const { execFileSync, execSync, fork } = require("child_process");
const fs = require("fs");

const echo = execFileSync("echo", ["out"], { encoding: "utf8" }).trim();
const count = execSync("printf 'a\\nb\\nc\\n' | wc -l", { encoding: "utf8" }).trim();
fs.writeFileSync("child.js", "process.on('message', () => { process.send('pong'); process.disconnect(); });");
const child = fork("./child.js");
child.on("message", (told) => console.log(echo, count, told));
child.send("ping");
