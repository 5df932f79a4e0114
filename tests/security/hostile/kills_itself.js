// Kills itself.
// status: killed error
// says: held: words before
say("held: words before");
process.kill(process.pid, "SIGKILL");
