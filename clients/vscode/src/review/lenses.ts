/** Keep, reject and comment above each hunk, in the diff itself. */

import * as vscode from "vscode";
import type { Piece } from "./pieces";
import type { Review } from "./review";
import type { Reviews } from "./reviews";

/** The links above the hunks of a proposal's documents; what was chosen is ticked. */
export class HunkLenses implements vscode.CodeLensProvider {
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  constructor(private readonly reviews: Reviews) {
    this.onDidChangeCodeLenses = reviews.onDidChange;
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    return this.reviews.in(uri).flatMap(({ review, pieces }) =>
      pieces.flatMap((piece, index) => lensesOf(review, piece, index === 0 ? pieces : [])),
    );
  }
}

/** `ofFile`: of a file's first hunk, all its hunks. */
function lensesOf(review: Review, { hunk, range }: Piece, ofFile: readonly Piece[]): vscode.CodeLens[] {
  const { id } = hunk;
  const lens = (title: string, command: string, ...given: unknown[]): vscode.CodeLens =>
    new vscode.CodeLens(range, { title, command: `steward.client.${command}`, arguments: given });
  const isKept = review.isKept(id);
  const hunkLenses = [
    lens(isKept ? "$(check) Kept" : "Keep", "keepHunk", id),
    lens(isKept ? "Reject" : "$(close) Rejected", "rejectHunk", id),
  ];
  const fileLenses = [lens("Keep File", "keepFile", id), lens("Reject File", "rejectFile", id)];
  return [
    ...(review.isChoice ? hunkLenses : []),
    lens(review.saidOf(id) === "" ? "Comment…" : "Edit Comment…", "commentHunk", id),
    ...(review.isChoice && ofFile.length > 1 ? fileLenses : []),
  ];
}
