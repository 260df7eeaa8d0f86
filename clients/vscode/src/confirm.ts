/** `workspace/applyEdit`: nothing is applied before its diff was seen, here or elsewhere. */

import * as vscode from "vscode";
import type {
  ApplyWorkspaceEditParams,
  ApplyWorkspaceEditResult,
  WorkspaceEdit,
} from "vscode-languageclient/node";
import { Diff } from "./diff";
import type { VirtualDocuments } from "./documents";
import { HalfLandedError, land, NotLandedError } from "./land";
import { plain } from "./messages";
import { CannotPreviewError, type Preview, previewOf } from "./preview";
import type { Question, Questions } from "./questions";
import type { Saves } from "./saves";
import { kindsOf, titled } from "./summary";

const idPrefix = /^steward:/;
const choices = [
  { id: "apply", title: "Apply" },
  { id: "discard", title: "Discard" },
];

/** Where a confirmation takes place. */
export interface Confirmation {
  questions: Questions;
  documents: VirtualDocuments;
  saves: Saves;
  asUri: (value: string) => vscode.Uri;
}

/** Show the diff, wait for the person, and apply the edit if they say so. */
export async function confirmEdit(
  params: ApplyWorkspaceEditParams,
  where: Confirmation,
): Promise<ApplyWorkspaceEditResult> {
  // What an edit before this one left to save is not the person's unsaved work.
  await where.saves.done();
  try {
    const preview = await previewOf(params.edit, where.asUri);
    // One that was approved elsewhere is not asked about again, and lands all the same as one.
    if (!isConfirmed(params.edit)) {
      const question = questionOf(idOf(params.edit), params, preview, where.documents);
      const choice = await where.questions.ask(question);
      if (choice !== "apply") {
        return refused(choice === "discard" ? "discarded by the user" : "closed before it was answered");
      }
    }
    where.saves.soon(await land(preview));
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
  documents: VirtualDocuments,
): Question {
  const title = titleOf(params);
  const diff = new Diff(`Proposal: ${kindsOf(preview) || title}`, id, preview, documents);
  return {
    id,
    kind: "edit",
    title: titled(title, preview),
    choices,
    fingerprint: JSON.stringify(params.edit),
    show: () => diff.show(),
    hide: () => diff.hide(),
  };
}

/** The label without our own name, which every message bears already. */
function titleOf(params: ApplyWorkspaceEditParams): string {
  return (params.label ?? "Proposed change").replace(/^Steward: /, "");
}

function refused(failureReason: string): ApplyWorkspaceEditResult {
  return { applied: false, failureReason };
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
  return refused(reason);
}
