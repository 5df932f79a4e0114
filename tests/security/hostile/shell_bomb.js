// Starts shells that start shells without end.
// status: timeout memory_exceeded error
// limits: wall_seconds=1 processes=64
const { spawn } = require("child_process");

const more = () => {
  spawn("/bin/sh", ["-c", "b() { b | b & }; b; sleep 60"], { stdio: "ignore" }).on("error", () => {});
  setTimeout(more, 1);
};
more();
