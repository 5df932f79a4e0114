// Asks the cloud's metadata service by fetch, in every spelling of its address.
const hosts = ["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518",
  "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]",
  "metadata.google.internal", "169.254.169.254.nip.io", "169。254。169。254", "①⑥⑨.②⑤④.①⑥⑨.②⑤④",
  "169.254.170.2", "100.100.100.200"];

(async () => {
  await Promise.all(hosts.map((host) => attempt(host, async () => {
    const answer = await fetch(`http://${host}/latest/meta-data/`, { signal: AbortSignal.timeout(2000) });
    return answer.text();
  })));
})();
