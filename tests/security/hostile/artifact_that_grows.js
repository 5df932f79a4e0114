// Ends, while a child of it goes on writing to an artifact.
// files: growing
const { spawn } = require("child_process");

fs.writeFileSync("artifacts/growing", "x".repeat(1000));
spawn("/bin/sh", ["-c", "while true; do echo more >> artifacts/growing; done"], { detached: true, stdio: "ignore" }).unref();
setTimeout(() => {
  say("held: the parent ends");
  process.exit(0);
}, 100);
