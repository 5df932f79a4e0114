// Loads native code into itself, from the system and from its own folder.
// says: held: a file of its own
(async () => {
  await attempt("a file of its own", () => {
    fs.writeFileSync("artifacts-less.node", "\x7fELF");
    const place = { exports: {} };
    process.dlopen(place, require("path").resolve("artifacts-less.node"));
    return place;
  });
})();
