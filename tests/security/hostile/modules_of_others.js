// Loads modules of the host and what it may find in folders above.
(async () => {
  for (const name of ["npm", "corepack", "/home/node_modules/x", `${secrets.folder}/x`, "../../../../home/x"]) {
    await attempt(name, () => require(name));
  }
  process.env.NODE_OPTIONS = `--require ${secrets.file}`;
  await attempt("by options", () => {
    const done = require("child_process").spawnSync(process.execPath, ["-e", "0"]);
    if (done.status !== 0) throw new Error("refused");
  });
})();
