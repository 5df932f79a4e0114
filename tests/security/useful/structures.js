// Uses the language: classes, private fields, destructuring, big numbers, proxies, weak references.
// says: 3 1267650600228229401496703205376n seen
class Point {
  #x;
  constructor({ x, y = 2 }) {
    this.#x = x;
    this.y = y;
  }
  get sum() {
    return this.#x + this.y;
  }
}
const seen = new Proxy({}, { get: () => "seen" });
console.log(new Point({ x: 1 }).sum, 2n ** 100n, new WeakRef(seen).deref().anything);
