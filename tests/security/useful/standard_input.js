// Reads its input, computes, prints JSON as its last line.
// says: {"total":10}
let text = "";
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", () => {
  const { numbers } = JSON.parse(text);
  console.log("working");
  console.log(JSON.stringify({ total: numbers.reduce((a, b) => a + b) }));
});
