// Has Node write reports, heap snapshots and profiles, which hold all it knows, elsewhere.
// says: held: a report
const v8 = require("v8");

(async () => {
  await attempt("a report", () => process.report.writeReport("/etc/report.json") || (() => { throw new Error("none"); })());
  await attempt("a snapshot", () => v8.writeHeapSnapshot("/usr/x.heapsnapshot"));
  if (fs.existsSync("/etc/report.json")) say("REACHED: /etc/report.json");
})();
