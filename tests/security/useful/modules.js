// Writes modules of both kinds and loads them.
// says: 7 8 9
const fs = require("fs");
const path = require("path");

fs.mkdirSync("node_modules/mine", { recursive: true });
fs.writeFileSync("node_modules/mine/package.json", '{"name": "mine", "main": "index.js"}');
fs.writeFileSync("node_modules/mine/index.js", "module.exports = 7;");
fs.writeFileSync("single.js", "module.exports = 8;");
fs.writeFileSync("modern.mjs", "import { join } from 'node:path'; export default join ? 9 : 0;");
(async () => {
  const mine = require(path.resolve("node_modules/mine"));
  const modern = await import(path.resolve("modern.mjs"));
  console.log(mine, require(path.resolve("single.js")), modern.default);
})();
