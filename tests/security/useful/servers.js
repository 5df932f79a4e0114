// Serves HTTP on its own loopback, and asks itself.
// says: 200 hello
// only: bubblewrap
const http = require("http");

const server = http.createServer((request, answer) => answer.end("hello"));
server.listen(0, "127.0.0.1", async () => {
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/`);
  console.log(answer.status, await answer.text());
  server.close();
  server.closeAllConnections();
});
