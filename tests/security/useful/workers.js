// Computes in threads that share memory.
// says: 40
const { Worker } = require("worker_threads");

const shared = new SharedArrayBuffer(4);
const source = `
  const { workerData } = require("worker_threads");
  for (let i = 0; i < 10; i++) Atomics.add(new Int32Array(workerData), 0, 1);
`;
let open = 4;
for (let i = 0; i < 4; i++) {
  new Worker(source, { eval: true, workerData: shared }).on("exit", () => {
    if (--open === 0) console.log(new Int32Array(shared)[0]);
  });
}
