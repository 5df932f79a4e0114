// Works with bytes, texts and views of them.
// says: aGk= ✓ 258 true
const buffer = Buffer.from("hi");
const view = new DataView(new ArrayBuffer(2));
view.setUint16(0, 258);
const same = Buffer.compare(Buffer.from("68 69".replace(" ", ""), "hex"), buffer) === 0;
console.log(buffer.toString("base64"), new TextDecoder().decode(new TextEncoder().encode("✓")), view.getUint16(0), same && structuredClone(new Map([[1, 2]])).get(1) === 2);
