// Looks for descriptors that lead to files, sockets or processes of the worker.
// says: searched
for (const name of fs.readdirSync("/proc/self/fd")) {
  let link;
  try {
    link = fs.readlinkSync(`/proc/self/fd/${name}`);
  } catch {
    continue;
  }
  const own = /^(anon_inode:|pipe:|\/dev\/null|\/proc\/|\/program|\/dev\/urandom|\/memfd|socket:)/;
  if (link === process.cwd()) continue; // its own work folder, which lite opens for it
  if (!own.test(link) || (link.startsWith("/") && Number(name) > 2 && fs.existsSync(link) &&
      !/^(\/dev\/null|\/proc\/|\/program|\/dev\/urandom)/.test(link))) {
    say(`REACHED: ${name} ${link}`);
  }
}
say("searched");
