/** What a person does in a review: keep, reject and comment, by hunk or by file. */

import * as vscode from "vscode";
import { plainIcon } from "../messages";
import { isAt, type Piece, type Spot } from "./pieces";
import type { Review } from "./review";
import type { Reviews } from "./reviews";

/** A link names its hunk; from a key, the palette or a menu it is the hunk at the cursor. */
type Target = string | vscode.Uri | undefined;

interface Found {
  review: Review;
  piece: Piece;
}

/** The commands by name, without the prefix. */
export function reviewCommands(reviews: Reviews): Record<string, (target: Target) => Promise<void>> {
  const decide =
    (keep: boolean, isWholeFile: boolean) =>
    async (target: Target): Promise<void> => {
      const found = find(reviews, target);
      if (found?.review.isChoice) {
        const ids = isWholeFile ? inFileOf(found) : [found.piece.hunk.id];
        found.review.decide(ids, keep);
        const what = isWholeFile ? found.piece.hunk.file : "hunk";
        tell(`${what} ${keep ? "kept" : "rejected"}`);
      } else {
        tell(found ? "this proposal is applied whole, or not at all" : "the cursor is in no hunk of a review");
      }
    };
  return {
    keepHunk: decide(true, false),
    rejectHunk: decide(false, false),
    keepFile: decide(true, true),
    rejectFile: decide(false, true),
    commentHunk: (target) => comment(reviews, target),
  };
}

function inFileOf({ review, piece }: Found): string[] {
  return review.pieces.filter(({ hunk }) => hunk.file === piece.hunk.file).map(({ hunk }) => hunk.id);
}

async function comment(reviews: Reviews, target: Target): Promise<void> {
  const found = find(reviews, target);
  if (!found) {
    tell("the cursor is in no hunk of a review");
    return;
  }
  const { review, piece } = found;
  const room = review.room(piece.hunk);
  const text = await vscode.window.showInputBox({
    title: `${piece.hunk.file} ${piece.hunk.header}`,
    prompt: "What should be different here? The agent is told with your answer. Leave it empty to say nothing.",
    value: review.saidOf(piece.hunk.id),
    ignoreFocusOut: true,
    validateInput: (given) => (given.length > room ? `Say it in at most ${room} characters.` : undefined),
  });
  if (text !== undefined) {
    review.say(piece.hunk.id, text.trim());
  }
}

function find(reviews: Reviews, target: Target): Found | undefined {
  const all = reviews.all().flatMap((review) => review.pieces.map((piece) => ({ review, piece })));
  if (typeof target === "string") {
    return all.find(({ piece }) => piece.hunk.id === target);
  }
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    return undefined;
  }
  const { uri } = editor.document;
  const { line } = editor.selection.active;
  const spots = ({ piece }: Found): Spot[] => (piece.before ? [piece, piece.before] : [piece]);
  const here = all.filter((found) => spots(found).some((one) => one.uri.toString() === uri.toString()));
  // Of a file that is made, deleted or renamed, every line belongs to the one hunk.
  return here.find((found) => spots(found).some((one) => isAt(one, uri, line))) ?? only(here);
}

function only(found: Found[]): Found | undefined {
  return found.length === 1 ? found[0] : undefined;
}

/** On the status bar for a moment: a message for each hunk would be in the way. */
function tell(text: string): void {
  vscode.window.setStatusBarMessage(`Steward: ${plainIcon(text)}`, 5_000);
}
