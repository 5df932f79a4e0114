// Recurs deeper than the stack, which is an error like another.
// says: held: RangeError
function fall(depth) {
  return fall(depth + 1) + 1;
}
try {
  fall(0);
} catch (error) {
  say(`held: ${error.name}`);
}
let deep = [];
for (let depth = 0; depth < 1e6; depth++) deep = [deep];
try {
  JSON.stringify(deep);
} catch (error) {
  say(`held: ${error.name}`);
}
