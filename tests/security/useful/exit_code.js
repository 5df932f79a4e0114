// Ends with a code of its own, after work that is under way.
// status: error
// says: done
process.on("exit", () => console.log("done"));
process.exitCode = 3;
