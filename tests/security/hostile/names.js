// Asks for names, by the system's resolver and by Node's own.
const dns = require("dns");

(async () => {
  for (const name of ["example.com", "metadata.google.internal", "db"]) {
    await attempt(`lookup ${name}`, () => dns.promises.lookup(name));
  }
  for (const server of ["8.8.8.8", "1.1.1.1", "169.254.169.253"]) {
    const resolver = new dns.promises.Resolver({ timeout: 300, tries: 1 });
    resolver.setServers([server]);
    await attempt(`resolve by ${server}`, () => resolver.resolve4("example.com"));
  }
})();
