// Looks for processes of others, and signals, debugs and lowers them.
const os = require("os");

(async () => {
  for (const pid of [secrets.worker, secrets.process]) {
    if (pid < 50) continue;
    await attempt(`kill ${pid}`, () => process.kill(pid, "SIGKILL"));
    await attempt(`stop ${pid}`, () => process.kill(pid, "SIGSTOP"));
    await attempt(`debug ${pid}`, () => process._debugProcess(pid));
    await attempt(`priority ${pid}`, () => os.setPriority(pid, 19));
    await attempt(`memory ${pid}`, () => fs.openSync(`/proc/${pid}/mem`, "r"));
  }
})();
