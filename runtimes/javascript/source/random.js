/** Random numbers that differ from instance to instance. */

/**
 * Start `Math.random` anew. The component is a picture of an engine that has already begun, so each
 * instance would give the same numbers. Not for secrets.
 */
export function reseed(text) {
  let seed = (Date.now() ^ Math.floor(performance.now() * 1000)) >>> 0;
  for (let index = 0; index < text.length; index++) {
    seed = Math.imul(seed ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  const word = () => {
    // The mixing steps of "splitmix32".
    seed = (seed + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  Math.random = () => ((word() >>> 5) * 0x4000000 + (word() >>> 6)) / 0x20000000000000;
}
