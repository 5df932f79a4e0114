// Fails with an error that says why, after it has printed something.
// status: error
// says: Error: the column is empty
console.log("begun");
throw new Error("the column is empty");
