/** Where in a proposal's diff each of its hunks and marks is to be seen. */

import * as vscode from "vscode";
import type { Side } from "../diff";
import type { AskParams, Hunk, Mark } from "../protocol";

/** Lines of a document. */
export interface Spot {
  uri: vscode.Uri;
  range: vscode.Range;
}

/** A hunk, and where the diff shows it. */
export interface Piece extends Spot {
  hunk: Hunk;
  /** On the other side, where there are two. */
  before?: Spot;
}

/** A mark, and where the diff shows it. */
export interface Place extends Spot {
  mark: Mark;
}

const numbers = /^@@ -(\d+),(\d+) \+(\d+),(\d+) @@$/;

/** The hunks in the order of the diff; those of files that it does not show are left out. */
export function piecesOf({ hunks = [] }: AskParams, sides: readonly Side[]): Piece[] {
  return sides.flatMap((side) =>
    hunks.filter(({ file }) => file === side.path).map((hunk) => pieceOf(hunk, side)),
  );
}

/** The marks of the files that the diff shows. */
export function placesOf({ marks = [] }: AskParams, sides: readonly Side[]): Place[] {
  return sides.flatMap((side) =>
    marks
      .filter(({ file }) => file === side.path)
      .map((mark) => ({ mark, uri: shownSide(side), range: linesAt(mark.line ?? 1, 1) })),
  );
}

/** Whether these lines of a document are, in whole or in part, those of the spot. */
export function isAt({ uri, range }: Spot, document: vscode.Uri, line: number): boolean {
  return uri.toString() === document.toString() && range.start.line <= line && line <= range.end.line;
}

function pieceOf(hunk: Hunk, side: Side): Piece {
  const found = numbers.exec(hunk.header)?.slice(1).map(Number);
  const [oldFirst, oldCount, first, count] = found ?? [];
  const shown = { hunk, uri: shownSide(side), range: linesAt(first ?? 1, count ?? 1) };
  return side.left && side.right
    ? { ...shown, before: { uri: side.left, range: linesAt(oldFirst ?? 1, oldCount ?? 1) } }
    : shown;
}

/** What becomes of the text; of a deleted file, the text that goes. */
function shownSide({ right, left }: Side): vscode.Uri {
  const shown = right ?? left;
  if (shown === undefined) {
    throw new Error("a file of a diff has neither side");
  }
  return shown;
}

/** Lines counted from 1; where there are none, the one before them. */
function linesAt(first: number, count: number): vscode.Range {
  const start = Math.max(0, first - 1);
  return new vscode.Range(start, 0, start + Math.max(0, count - 1), 0);
}
