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
  const told = fs.readFileSync(gate, 'utf8');
  if (!told.startsWith('G')) {
    process.reallyExit(0);
  }
  fs.closeSync(gate);
  for (const entry of told.slice(1).split('\0').filter(Boolean)) {
    const at = entry.indexOf('=');
    process.env[entry.slice(0, at)] = entry.slice(at + 1);
  }
}
