/** Text edits of the protocol, carried out on a text that nobody has open. */

import type { AnnotatedTextEdit, SnippetTextEdit, TextEdit } from "vscode-languageclient/node";

/** Any edit of a text that the protocol knows. */
export type AnyEdit = TextEdit | AnnotatedTextEdit | SnippetTextEdit;

type Position = TextEdit["range"]["start"];

/** The edits contradict each other, or have no fixed text. */
export class ContradictionError extends Error {}

/** The text after the edits. Their line ends become `endOfLine`, or stay where that is not given. */
export function applyEdits(text: string, edits: AnyEdit[], endOfLine: string | undefined): string {
  const starts = lineStarts(text);
  const offset = (at: Position): number =>
    Math.min((starts[at.line] ?? text.length) + at.character, lineEnd(text, starts, at.line));
  const pieces: string[] = [];
  let done = 0;
  for (const edit of inOrder(edits)) {
    if (!("newText" in edit)) {
      throw new ContradictionError("the edit holds a snippet, which has no fixed text");
    }
    const start = offset(edit.range.start);
    if (start < done) {
      throw new ContradictionError("two parts of the edit overlap");
    }
    pieces.push(text.slice(done, start), withLineEnds(edit.newText, endOfLine));
    done = offset(edit.range.end);
  }
  return pieces.join("") + text.slice(done);
}

/** The lines that differ: from `start` up to, and without, `end` stands `text` instead. */
export interface ChangedLines {
  start: number;
  end: number;
  text: string;
}

/** The one region of whole lines outside of which two texts are the same. */
export function changedLines(before: string, after: string): ChangedLines {
  const [old, now] = [linesOf(before), linesOf(after)];
  const shorter = Math.min(old.length, now.length);
  let start = 0;
  while (start < shorter && old[start] === now[start]) {
    start += 1;
  }
  let same = 0;
  while (same < shorter - start && old.at(-1 - same) === now.at(-1 - same)) {
    same += 1;
  }
  return { start, end: old.length - same, text: now.slice(start, now.length - same).join("") };
}

/** Edits by start; those at one place stay in the order given, as the protocol says. */
function inOrder(edits: AnyEdit[]): AnyEdit[] {
  return edits.toSorted(
    (a, b) =>
      a.range.start.line - b.range.start.line ||
      a.range.start.character - b.range.start.character,
  );
}

function withLineEnds(text: string, endOfLine: string | undefined): string {
  return endOfLine === undefined ? text : text.replace(/\r\n|\r|\n/g, endOfLine);
}

/** With their ends; what follows the last end is a line too, and may be empty. */
function linesOf(text: string): string[] {
  const starts = lineStarts(text);
  return starts.map((start, line) => text.slice(start, starts[line + 1]));
}

function lineStarts(text: string): number[] {
  return [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map((found) => found.index + found[0].length)];
}

function lineEnd(text: string, starts: number[], line: number): number {
  const next = starts[line + 1];
  if (next === undefined) {
    return text.length;
  }
  return text.slice(next - 2, next) === "\r\n" ? next - 2 : next - 1;
}
