/** What a question is about, taken word for word from its text, and whether it fits where it is to be shown. */

import type { AskParams } from "../protocol";

/** As many characters as a narrow side bar shows of a row; VS Code would cut the rest. */
const rowChars = 34;
/** With more rows than these the tree is no place to read it. */
const rowsMax = 12;
/** What else is said of it must fit where it is shown whole when the pointer rests. */
export const tipChars = 1_500;
/** Where VS Code would see a picture or a link, and not what stands there. */
const drawn = /\$\(|\]\(/;
/** A notification shows as much on two lines or three. */
const noticeChars = 220;

/** A question's exact request. */
export interface Exactly {
  /** The command, or the arguments, as they are asked about. */
  request: string;
  /** Whether it can be shown outside of its page, and nothing else must be read before a yes. */
  isAll: boolean;
}

const fence = /^(`{3,})([a-z]*)\n([\s\S]*?)\n\1$/gm;

/** The request of a question about a command; `undefined` for other kinds, which have a page of their own. */
export function exactlyOf({ kind, markdown }: AskParams): Exactly | undefined {
  const blocks = kind === "command" ? [...markdown.matchAll(fence)] : [];
  const request = blocks[0]?.[3];
  if (request === undefined) {
    return undefined;
  }
  const isAll = blocks.length === 1 && markdown.length <= tipChars && !markdown.includes("**Careful");
  return { request, isAll: isAll && !drawn.test(request) };
}

/** The request in rows that are seen whole, or `undefined` where it takes the page to read it. */
export function rowsOf(question: AskParams): string[] | undefined {
  const exactly = exactlyOf(question);
  if (!exactly?.isAll) {
    return undefined;
  }
  return inRows(exactly.request);
}

/** What a yes for the rest of the run would cover, in rows that are seen whole, if it fits. */
export function grantRowsOf({ grant }: AskParams): string[] | undefined {
  return grant === "" || drawn.test(grant) ? undefined : inRows(grant);
}

function inRows(text: string): string[] | undefined {
  const rows = text.split("\n").flatMap(broken);
  return rows.length <= rowsMax ? rows : undefined;
}

/** The request as a notification says it, or `undefined` where it would be cut or run together. */
export function noticeOf(question: AskParams): string | undefined {
  const exactly = exactlyOf(question);
  if (!exactly?.isAll || exactly.request.includes("\n")) {
    return undefined;
  }
  const covers = question.grant === "" ? "" : ` · “Allow for this run” covers, until the run ends: ${question.grant}`;
  const notice = `${exactly.request}${covers}`;
  return notice.length <= noticeChars ? notice : undefined;
}

/** A line in pieces, each shorter than a row; where it goes on is marked. */
function broken(text: string): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > rowChars) {
    const space = rest.lastIndexOf(" ", rowChars);
    const at = space > rowChars / 2 ? space + 1 : rowChars;
    pieces.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return [...pieces, rest].map((piece, number) => (number === 0 ? piece : `↳ ${piece}`));
}
