// Starts workers, which are threads, without end.
// status: timeout memory_exceeded error killed
// limits: wall_seconds=3 processes=64 memory_megabytes=512
const { Worker } = require("worker_threads");

const more = () => {
  try {
    new Worker("setInterval(() => {}, 1000)", { eval: true }).on("error", () => {});
  } catch {}
  setImmediate(more);
};
more();
