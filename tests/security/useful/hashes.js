// Makes digests, keys, signatures and random numbers.
// says: ba7816bf true
const crypto = require("crypto");

const { publicKey, privateKey } = crypto.generateKeyPairSync("ed25519");
const signed = crypto.verify(null, Buffer.from("x"), publicKey, crypto.sign(null, Buffer.from("x"), privateKey));
crypto.scryptSync("word", "salt", 32);
crypto.randomUUID();
console.log(crypto.createHash("sha256").update("abc").digest("hex").slice(0, 8), signed);
