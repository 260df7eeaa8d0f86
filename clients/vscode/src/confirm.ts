/** `workspace/applyEdit`: nothing is applied before its diff was seen, here or elsewhere. */

import * as vscode from "vscode";
import type {
  ApplyWorkspaceEditParams,
  ApplyWorkspaceEditResult,
  WorkspaceEdit,
} from "vscode-languageclient/node";
import { type Diff, type Diffs, isMerge } from "./diff";
import { HalfLandedError, land, NotLandedError } from "./land";
import { plain } from "./messages";
import { CannotPreviewError, type Preview, previewOf } from "./preview";
import type { Answer } from "./protocol";
import type { Choice, Question, Questions } from "./questions";
import { choicesOf } from "./review/choices";
import type { Review } from "./review/review";
import type { Reviews } from "./review/reviews";
import type { Saves } from "./saves";
import { kindsOf, titled } from "./summary";
import type { Typing } from "./typing";

const idPrefix = /^steward:/;

/** Where a confirmation takes place. */
export interface Confirmation {
  questions: Questions;
  reviews: Reviews;
  diffs: Diffs;
  saves: Saves;
  typing: Typing;
  /** Hears of each change of a run that was applied here. */
  landed: (runId: string) => void;
  asUri: (value: string) => vscode.Uri;
}

/** Show the diff, wait for the person, and apply the edit if they say so. */
export async function confirmEdit(
  params: ApplyWorkspaceEditParams,
  where: Confirmation,
): Promise<ApplyWorkspaceEditResult> {
  // What an edit before this one left to save is not the person's unsaved work.
  await where.saves.done();
  const id = idOf(params.edit);
  try {
    const preview = await previewOf(params.edit, where.asUri);
    // One that was approved elsewhere is not asked about again, and lands all the same as one.
    if (!isConfirmed(params.edit)) {
      const label = `Proposal: ${kindsOf(preview) || titleOf(params)}`;
      const diff = await where.diffs.begin(label, id, preview);
      const review = await where.reviews.begin(id, diff.sides);
      try {
        const answer = await where.questions.ask(questionOf(id, params, preview, { diff, review, where }));
        if (answer?.choice !== "apply") {
          return refused(answer);
        }
      } finally {
        // Where it was asked again meanwhile, the review goes on.
        if (!where.questions.get(id)) {
          where.reviews.end(id, review);
        }
      }
    }
    where.saves.soon(await land(preview));
    where.typing.forget();
    const runId = where.reviews.runOf(id);
    if (runId !== undefined) {
      where.landed(runId);
    }
    return { applied: true };
  } catch (error) {
    return explained(params, error);
  }
}

/** The id of a question, however the server spells it: a proposal's annotation bears a prefix. */
export function questionId(spelled: string): string {
  return spelled.replace(idPrefix, "");
}

/** Only an edit that says so in all its annotations needs no answer here; one without any does. */
function isConfirmed(edit: WorkspaceEdit): boolean {
  const annotations = Object.values(edit.changeAnnotations ?? {});
  return annotations.length > 0 && annotations.every(({ needsConfirmation }) => needsConfirmation === false);
}

/** What the question about an edit is known by, here and to the server. */
function idOf(edit: WorkspaceEdit): string {
  const [annotation] = Object.keys(edit.changeAnnotations ?? {});
  return questionId(annotation ?? "unnamed");
}

function questionOf(
  id: string,
  params: ApplyWorkspaceEditParams,
  preview: Preview,
  { diff, review, where }: { diff: Diff; review: Review | undefined; where: Confirmation },
): Question {
  // As it comes: what the person does afterwards must not change how it came.
  const arrival = arrivalOf(id, diff, where.typing);
  return {
    id,
    kind: "edit",
    title: [titled(titleOf(params), preview), ...(review?.news() ?? [])].join(". "),
    choices: review ? choicesOf(review) : wholeChoices,
    fingerprint: JSON.stringify(params.edit),
    show: () => diff.show(),
    hide: (isAnswered) => where.diffs.end(diff, isAnswered || review?.isAnswered === true),
    isSeen: () => diff.isSeen,
    arrival: () => arrival,
  };
}

/**
 * A tab that opens takes the keys, and the editor has no way to open this one without. A proposal
 * that is merged with what somebody types comes while they type.
 */
function arrivalOf(id: string, diff: Diff, typing: Typing): "show" | "shown" | "tell" {
  if (diff.isSeen) {
    return "shown";
  }
  return isMerge(id) || typing.isTyping ? "tell" : "show";
}

/** Of a server that tells nothing of hunks: all or nothing. */
const wholeChoices: Choice[] = [
  { id: "apply", title: "Apply", needsView: true },
  { id: "discard", title: "Discard" },
];

/** The label without our own name, which every message bears already. */
function titleOf(params: ApplyWorkspaceEditParams): string {
  return (params.label ?? "Proposed change").replace(/^Steward: /, "");
}

/** A no with what the person said of it, or no answer at all. */
function refused(answer: Answer | null): ApplyWorkspaceEditResult & { reason?: string } {
  if (answer?.choice !== "discard") {
    return { applied: false, failureReason: "closed before it was answered" };
  }
  const { reason } = answer;
  return { applied: false, failureReason: "discarded by the user", ...(reason ? { reason } : {}) };
}

function explained(params: ApplyWorkspaceEditParams, error: unknown): ApplyWorkspaceEditResult {
  if (error instanceof CannotPreviewError || error instanceof NotLandedError) {
    return reported(params, `${error.message}. Nothing was changed; ask again for a new one.`);
  }
  if (error instanceof HalfLandedError) {
    return reported(params, `${error.message}, and undo there what you do not want.`);
  }
  throw error;
}

function reported(params: ApplyWorkspaceEditParams, reason: string): ApplyWorkspaceEditResult {
  const title = titleOf(params);
  void vscode.window.showWarningMessage(plain(`Steward did not apply "${title}": ${reason}`));
  return { applied: false, failureReason: reason };
}
