// Starts itself without end.
// status: timeout memory_exceeded error
// limits: wall_seconds=2 processes=64
const { spawn } = require("child_process");

const more = () => {
  try {
    spawn(process.execPath, [__filename], { stdio: "ignore", detached: true }).on("error", () => {});
  } catch {}
  setImmediate(more);
};
say("held: begins");
more();
