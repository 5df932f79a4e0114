// Leaves daemons behind: detached, in sessions of their own, without descriptors.
const { spawn } = require("child_process");

for (const command of [["sleep", "600"], ["setsid", "-f", "sleep", "600"], ["/bin/sh", "-c", "trap '' TERM HUP; (sleep 600 &) ; exec sleep 600"],
  [process.execPath, "-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"]]) {
  spawn(command[0], command.slice(1), { detached: true, stdio: "ignore" }).unref();
}
say("held: the parent ends");
