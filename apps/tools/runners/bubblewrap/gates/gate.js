// Inside a jail: hold a started Node before its program's first instruction, until it is there.
// Node loads this before the program, in each of the program's threads too, which pass.
'use strict';
const {isMainThread} = require('node:worker_threads');

if (isMainThread && process.env.SANDBOX_GATE) {
  const fs = require('node:fs');
  const gate = Number(process.env.SANDBOX_GATE);
  delete process.env.SANDBOX_GATE;
  const arguments_ = process.execArgv;
  arguments_.splice(arguments_.indexOf('--require'), 2);
  delete require.cache[__filename];
  fs.writeSync(gate, 'R');
  const answer = Buffer.alloc(1);
  if (fs.readSync(gate, answer) !== 1 || answer.toString() !== 'G') {
    process.reallyExit(0);
  }
  fs.closeSync(gate);
}
