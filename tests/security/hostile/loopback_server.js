// Connects to the worker's loopback with sockets, fetch and http.
// unjailed: reaches
const net = require("net");
const http = require("http");

const ask = (host, port) =>
  new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, timeout: 2000 });
    socket.on("data", (data) => resolve(data));
    socket.on("error", reject);
    socket.on("timeout", () => socket.destroy(new Error("timeout")));
    socket.on("close", () => reject(new Error("closed")));
  });
const get = (url) =>
  new Promise((resolve, reject) => {
    http.get(url, { timeout: 2000 }, (answer) => answer.on("data", (data) => resolve(data))).on("error", reject);
  });

(async () => {
  for (const host of ["127.0.0.1", "localhost", "0.0.0.0", "::1", "::ffff:127.0.0.1", "127.1"]) {
    await attempt(`net ${host}`, () => ask(host, secrets.port));
  }
  for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:7f00:1]", "localhost"]) {
    const url = `http://${host}:${secrets.port}/`;
    await attempt(`fetch ${host}`, async () => (await fetch(url, { signal: AbortSignal.timeout(2000) })).text());
    await attempt(`http ${host}`, () => get(url));
  }
})();
