/** How a review can be answered: the kept hunks applied, the quick list, or none of it. */

import * as vscode from "vscode";
import { keepSome } from "../keepSome";
import type { Answer } from "../protocol";
import { type Choice, keepSomeId } from "../questions";
import type { Review } from "./review";

/** The buttons of a proposal's question. */
export function choicesOf(review: Review): Choice[] {
  const some: Choice = { id: keepSomeId, title: "Keep Some…", needsView: true, complete: () => keepSome(review) };
  return [
    { id: "apply", title: "Apply", needsView: true, complete: () => applied(review) },
    ...(review.isChoice ? [some] : []),
    { id: "discard", title: "Discard", complete: async () => discarded(review) },
  ];
}

/**
 * A yes to what is kept. A plain yes to all of it is given to the edit itself; with anything beside,
 * the server's own question is answered, which then takes the diff away and sends what was kept.
 */
async function applied(review: Review): Promise<Answer | undefined> {
  const kept = review.kept();
  if (kept.length === 0 && review.pieces.length > 0) {
    void vscode.window.showInformationMessage(
      "Steward: every hunk is rejected, so there is nothing to apply. Keep one, or choose Discard.",
    );
    return undefined;
  }
  const reason = review.reason();
  if (review.isAllKept && reason === "") {
    return { choice: "apply" };
  }
  await review.answer({
    choice: "approve",
    ...(review.isAllKept ? {} : { kept }),
    ...(reason ? { reason } : {}),
  });
  return undefined;
}

function discarded(review: Review): Answer {
  const reason = review.reason();
  return reason ? { choice: "discard", reason } : { choice: "discard" };
}
