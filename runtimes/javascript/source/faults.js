/** What went wrong, in the author's own files and lines. */

const framesMax = 10;
const lettersMax = 4000;

/** Every file that was evaluated, in order, with the line at which it stands for the engine. */
let places = [];

/** Forget the files of before. */
export function forget() {
  places = [];
}

/**
 * How many lines a file must be pushed down. The engine gives every evaluated text one name, so it
 * is the line's number that tells the files apart.
 */
export function place(path, source, indent) {
  const above = places.at(-1)?.end ?? 0;
  places.push({ path, above, indent, end: above + source.split("\n").length + 1 });
  return above;
}

/** An error as a text: what was thrown and where in the extension's files. */
export function describe(error) {
  if (!(error instanceof Error)) {
    return `The extension threw ${String(error)}`.slice(0, lettersMax);
  }
  const frames = String(error.stack ?? "")
    .split("\n")
    .map(own)
    .filter((frame) => frame !== undefined)
    .slice(0, framesMax);
  return [`${error.name}: ${error.message}`.slice(0, lettersMax), ...frames].join("\n");
}

function own(frame) {
  const found = /^\s*at (?:(.*) \()?<input>:(\d+):(\d+)\)?$/.exec(frame);
  if (found === null) {
    return undefined;
  }
  const line = Number(found[2]);
  const file = places.find((each) => each.above < line && line <= each.end);
  if (file === undefined) {
    return undefined;
  }
  const number = line - file.above;
  const column = Number(found[3]) - (number === 1 ? file.indent : 0);
  // Before the first column stands what we put there.
  const where = column < 1 ? `${file.path}:${number}` : `${file.path}:${number}:${column}`;
  return found[1] === undefined || found[1].startsWith("<")
    ? `    at ${where}`
    : `    at ${found[1]} (${where})`;
}
