/** All that a review shows in the diff itself and beside it. */

import * as vscode from "vscode";
import { Decorations } from "./decorations";
import { HunkLenses } from "./lenses";
import type { Reviews } from "./reviews";
import { ReviewSummary } from "./summary";

/** Links above hunks, notes beside lines, and the sum of it on the status bar. */
export function registerReviewViews(reviews: Reviews): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.languages.registerCodeLensProvider({ scheme: reviews.scheme }, new HunkLenses(reviews)),
    new Decorations(reviews),
    new ReviewSummary(reviews),
  );
}
