// Needs much memory, on the heap and beside it, but no more than it may have.
// says: 5000000 314572800
const list = Array.from({ length: 5_000_000 }, (_, number) => number);
const buffer = Buffer.alloc(300 << 20, 1);
console.log(list.length, buffer.length);
