// Reads the files of the host, by path, by link and as modules.
// unjailed: reaches
const path = require("path");

(async () => {
  for (const place of [secrets.file, secrets.shared_file, "/etc/shadow", `/proc/1/root${secrets.file}`,
    `/proc/${secrets.worker}/environ`, `/proc/${secrets.worker}/root${secrets.file}`]) {
    await attempt(place, () => fs.readFileSync(place, "utf8").slice(0, 200));
  }
  for (const folder of ["/root", "/home", "/var", "/run", secrets.folder]) {
    await attempt(folder, () => fs.readdirSync(folder)[0]);
  }
  await attempt("as a module", () => require(secrets.file));
  await attempt("imported", () => import(`file://${secrets.file}`));
  await attempt("through a link", () => {
    fs.symlinkSync(secrets.file, path.join("artifacts", "link"));
    return fs.readFileSync("artifacts/link", "utf8");
  });
  await attempt("copied", () => fs.copyFileSync(secrets.file, "artifacts/copy"));
  await attempt("linked", () => fs.linkSync(secrets.file, "artifacts/hard"));
})();
