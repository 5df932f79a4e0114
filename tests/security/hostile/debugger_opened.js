// Opens its debugger to others, and looks for one of the worker's.
// says: held: the worker's
const inspector = require("inspector");

(async () => {
  inspector.open(0, "0.0.0.0");
  say(`own debugger at ${inspector.url()}`);
  await attempt("the worker's", async () => (await fetch("http://127.0.0.1:9229/json", { signal: AbortSignal.timeout(1000) })).text());
  inspector.close();
  process.exit(0);
})();
