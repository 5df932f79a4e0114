// Connects to sockets of the host, abstract ones and ones in folders.
// unjailed: reaches
const net = require("net");

const ask = (path) =>
  new Promise((resolve, reject) => {
    const socket = net.connect({ path, timeout: 2000 });
    socket.on("data", resolve);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed")));
  });

(async () => {
  for (const path of [secrets.socket, `\0${secrets.abstract}`, "\0neighbour", "/var/run/docker.sock",
    "/run/dbus/system_bus_socket"]) {
    await attempt(path.replace("\0", "@"), () => ask(path));
  }
})();
