// Goes over what comes in time: generators, events, readers of lines, timers, aborted work.
// says: 0,1,2 b AbortError
const { once, on, EventEmitter } = require("events");
const timers = require("timers/promises");
const readline = require("readline");
const { Readable } = require("stream");

async function* count() {
  for (let number = 0; number < 3; number++) {
    await timers.setTimeout(1);
    yield number;
  }
}

(async () => {
  const numbers = [];
  for await (const number of count()) numbers.push(number);
  const lines = [];
  for await (const line of readline.createInterface({ input: Readable.from(["a\nb\n"]) })) lines.push(line);
  const late = timers.setTimeout(9000, null, { signal: AbortSignal.timeout(5) });
  const name = await late.catch((error) => error.name);
  console.log(String(numbers), lines[1], name);
})();
