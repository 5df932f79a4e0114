// Sends datagrams to everybody, with which data could leave.
const dgram = require("dgram");

const send = (family, address, port) =>
  new Promise((resolve, reject) => {
    const socket = dgram.createSocket(family);
    socket.on("error", reject);
    socket.bind(() => {
      if (family === "udp4") socket.setBroadcast(true);
      socket.send("secret", port, address, (error) => {
        socket.close();
        error ? reject(error) : resolve("sent");
      });
    });
  });

(async () => {
  await attempt("broadcast", () => send("udp4", "255.255.255.255", 9));
  await attempt("a server of names", () => send("udp4", "8.8.8.8", 53));
  await attempt("all nodes", () => send("udp6", "ff02::1", 9));
})();
