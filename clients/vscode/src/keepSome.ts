/** The hunks of a proposal as one list to tick, for those who like that better than the diff. */

import * as vscode from "vscode";
import { plainIcon } from "./messages";
import { isAt, type Piece } from "./review/pieces";
import type { Review } from "./review/review";

/** Let the person choose, and answer the server's question with it. The server closes the diff. */
export async function keepSome(review: Review): Promise<undefined> {
  const picked = await pick(review);
  if (picked === undefined) {
    return;
  }
  if (picked.length === 0) {
    void vscode.window.showInformationMessage("Steward: to keep nothing of it, choose Discard.");
    return;
  }
  const kept = new Set(picked);
  const isAll = review.pieces.every(({ hunk }) => kept.has(hunk.id));
  const said = review.reason();
  const why = isAll ? "" : await whyNotTheRest(review);
  if (why === undefined) {
    return;
  }
  const reason = [said, why].filter(Boolean).join("\n");
  await review.answer({
    choice: "approve",
    ...(isAll ? {} : { kept: picked }),
    ...(reason ? { reason } : {}),
  });
}

/** The ids of the hunks that stayed ticked; those that are kept in the diff are to begin with. */
async function pick(review: Review): Promise<string[] | undefined> {
  const items = review.pieces.map((piece) => itemOf(review, piece));
  const picked = await vscode.window.showQuickPick(items, {
    title: `${review.question.title}: keep what is ticked`,
    placeHolder: "All others are rejected",
    canPickMany: true,
    matchOnDescription: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  return picked?.map(({ id }) => id);
}

/** A row has one line: the diff, which stays open, shows the hunk as it is. */
function itemOf(review: Review, { hunk, uri, range }: Piece): vscode.QuickPickItem & { id: string } {
  const { id, file, header, lines } = hunk;
  const marks = review.places
    .filter((place) => isAt({ uri, range }, place.uri, place.range.start.line))
    .map(({ mark }) => `⚠ ${mark.text}  `);
  const detail = marks.join("") + lines.trimEnd().replaceAll("\n", "  ⏎  ");
  const said = review.saidOf(id) === "" ? "" : `, to the agent: ${review.saidOf(id)}`;
  return {
    id,
    label: plainIcon(header),
    description: plainIcon(file + said),
    detail: plainIcon(detail),
    picked: review.isKept(id),
  };
}

/** Why, or nothing at all; `undefined` when the box was closed. */
async function whyNotTheRest(review: Review): Promise<string | undefined> {
  const room = review.room();
  const reason = await vscode.window.showInputBox({
    title: review.question.title,
    prompt: "Why not the rest? The agent is told. Leave it empty to say no more.",
    ignoreFocusOut: true,
    validateInput: (text) => (text.length > room ? `Say it in at most ${room} characters.` : undefined),
  });
  return reason?.trim();
}
