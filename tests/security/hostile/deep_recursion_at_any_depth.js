// Recurs with a stack that it has been told is far larger than it is.
// status: error killed
// says: held: begins
require("v8").setFlagsFromString("--stack-size=900000");
say("held: begins");
function fall() {
  return fall() + 1;
}
setTimeout(() => new Function("f", "f()")(fall), 0);
