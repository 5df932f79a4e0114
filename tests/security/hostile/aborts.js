// Dies in a way that would leave its memory in a file.
// status: error killed
// says: held: words before
process.chdir("artifacts");
say("held: words before");
process.abort();
