/** Where the code blocks of an answer begin as the server counts them: it is what Apply names. */

const FENCE = /^[ \t]*(`{3,}|~{3,})(.*)$/;

/** The lines on which blocks begin, from nought, in order. */
export function openings(text: string): number[] {
  const found: number[] = [];
  let open = "";
  for (const [number, line] of text.split("\n").entries()) {
    const said = line.trim();
    if (open !== "") {
      const isEnd = said.length >= open.length && said === open.charAt(0).repeat(said.length);
      open = isEnd ? "" : open;
      continue;
    }
    const [, fence = "", info = ""] = FENCE.exec(line) ?? [];
    if (fence !== "" && !(fence.startsWith("`") && info.includes("`"))) {
      open = fence;
      found.push(number);
    }
  }
  return found;
}
