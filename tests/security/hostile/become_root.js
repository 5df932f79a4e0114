// Becomes root by Node's calls and by programs with rights.
const { spawnSync } = require("child_process");

(async () => {
  await attempt("setuid", () => process.setuid(0));
  await attempt("setgid", () => process.setgid(0));
  await attempt("setgroups", () => process.setgroups([0]));
  await attempt("initgroups", () => process.initgroups("root", 0));
  for (const command of [["su", "-c", "id -u"], ["sudo", "-n", "id", "-u"], ["unshare", "-Ur", "id", "-u"]]) {
    await attempt(command[0], () => {
      const done = spawnSync(command[0], command.slice(1), { input: "", timeout: 3000 });
      if (done.status !== 0 || String(done.stdout).trim() !== "0") throw new Error(String(done.stderr || done.error));
      return done.stdout;
    });
  }
})();
