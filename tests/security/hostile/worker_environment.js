// Looks for the worker's environment in its own, in a report and in every process that it sees.
// says: searched
// unjailed: reaches
say(JSON.stringify(process.env));
say(JSON.stringify(process.report.getReport().environmentVariables));
let names = [];
try {
  names = fs.readdirSync("/proc");
} catch (error) {
  say(`held: ${error.code}`);
}
for (const name of names) {
  if (!/^\d+$/.test(name)) continue;
  for (const part of ["environ", "cmdline"]) {
    let found;
    try {
      found = fs.readFileSync(`/proc/${name}/${part}`, "latin1");
    } catch (error) {
      continue;
    }
    if (/SECRET_OF_THE_WORKER|PLANTED=|DATABASE_URL|canary-/.test(found)) say(`REACHED: ${name} ${part}`);
  }
}
say("searched");
