// Writes to the system, its programs, its settings and Node itself.
(async () => {
  const paths = [process.execPath, "/proc/self/exe", "/etc/passwd", "/usr/lib/x", "/etc/ld.so.preload", "/x",
    "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper", "/sys/fs/cgroup/x",
    "/proc/self/mem", "/proc/self/oom_score_adj", secrets.file, __filename, "/usr/lib/node_modules/x"];
  for (const path of paths) {
    await attempt(path, () => fs.writeFileSync(path, "-1000"));
  }
  await attempt("a device", () => {
    const done = require("child_process").spawnSync("mknod", ["artifacts/disk", "b", "8", "0"]);
    if (done.status !== 0) throw new Error(String(done.stderr));
  });
})();
