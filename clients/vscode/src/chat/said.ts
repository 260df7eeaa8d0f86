/** Whether code that the page hands in is code of an answer. The page shows answers, and makes none. */

/**
 * Whether the lines of the code stand in the answer, one after the other. Signs of quotes and lists
 * before a line are the page's to take away, and so is what indents it.
 */
export function isSaid(code: string, answer: string): boolean {
  const lines = trimmed(code);
  const said = trimmed(answer);
  return said.some((_, at) => lines.every((line, number) => said[at + number]?.endsWith(line) === true));
}

function trimmed(text: string): string[] {
  return text.split("\n").map((line) => line.trim());
}
