// Closes its output and goes on.
// status: timeout
// limits: wall_seconds=1
fs.closeSync(1);
fs.closeSync(2);
setInterval(() => {}, 1000);
