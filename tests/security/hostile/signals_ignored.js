// Ignores every signal that can be ignored, and what would end it otherwise.
// status: timeout
// says: up
// limits: wall_seconds=1
for (const name of Object.keys(require("os").constants.signals)) {
  try {
    process.on(name, () => {});
  } catch {}
}
process.on("uncaughtException", () => {});
process.on("exit", () => {
  for (;;);
});
say("up");
setInterval(() => {}, 1000);
