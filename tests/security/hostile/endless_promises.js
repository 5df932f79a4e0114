// Fills the queue of promises, so that no timer and no signal is ever heard.
// status: timeout
// limits: wall_seconds=1
process.on("SIGTERM", () => {});
const again = () => Promise.resolve().then(again);
again();
