// Prints bytes that are no text, escapes, NUL, and half a pair.
// says: end
fs.writeSync(1, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
fs.writeSync(1, "\x1b]0;owned\x07\x1b[2J\ud800\0\n");
say("end");
