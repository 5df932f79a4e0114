// What every hostile program in Node begins with: where the secrets lie, and how to tell of an
// attempt. `secrets` comes from standard input; see canaries.py.
const fs = require("fs");
const spare = require("os").tmpdir();
const secrets = JSON.parse(fs.readFileSync(0, "utf8"));

function say(line) {
  fs.writeSync(1, String(line).replace(/\s+/g, " ").slice(0, 600) + "\n");
}

// Do it, and say whether it could be done. An action may return a promise.
async function attempt(name, action) {
  try {
    const result = await action();
    say(`REACHED: ${name}: ${result}`);
    return result;
  } catch (error) {
    say(`held: ${name}: ${error && (error.code || error.message)}`);
    return undefined;
  }
}

