/** `workspace/applyEdit`: nothing that asks for confirmation is applied before the diff was seen. */

import * as vscode from "vscode";
import type {
  ApplyWorkspaceEditParams,
  ApplyWorkspaceEditResult,
  WorkspaceEdit,
} from "vscode-languageclient/node";
import { Diff } from "./diff";
import type { VirtualDocuments } from "./documents";
import { plain } from "./messages";
import { CannotPreviewError, type Preview, previewOf } from "./preview";
import type { Question, Questions } from "./questions";

const idPrefix = /^steward:/;
const choices = [
  { id: "apply", title: "Apply" },
  { id: "discard", title: "Discard" },
];

type Next = (params: ApplyWorkspaceEditParams) => Promise<ApplyWorkspaceEditResult>;

/** Where a confirmation takes place. */
export interface Confirmation {
  questions: Questions;
  documents: VirtualDocuments;
  asUri: (value: string) => vscode.Uri;
}

/** Show the diff, wait for the person, and apply the edit if they say so. */
export async function confirmEdit(
  params: ApplyWorkspaceEditParams,
  next: Next,
  where: Confirmation,
): Promise<ApplyWorkspaceEditResult> {
  const id = proposalId(params.edit);
  if (id === undefined) {
    return next(params);
  }
  try {
    const preview = await previewOf(params.edit, where.asUri);
    const choice = await where.questions.ask(questionOf(id, params, preview, where.documents));
    if (choice !== "apply") {
      return refused(choice === "discard" ? "discarded by the user" : "closed before it was answered");
    }
    return await apply(params, next, preview);
  } catch (error) {
    if (error instanceof CannotPreviewError) {
      return reported(params, error.message);
    }
    throw error;
  }
}

/** The id of a question, however the server spells it: a proposal's annotation bears a prefix. */
export function questionId(spelled: string): string {
  return spelled.replace(idPrefix, "");
}

/** The id of the proposal behind an edit that wants confirmation, `undefined` for any other edit. */
function proposalId(edit: WorkspaceEdit): string | undefined {
  const annotations = Object.entries(edit.changeAnnotations ?? {});
  const asking = annotations.find(([, annotation]) => annotation.needsConfirmation);
  return asking && questionId(asking[0]);
}

async function apply(
  params: ApplyWorkspaceEditParams,
  next: Next,
  preview: Preview,
): Promise<ApplyWorkspaceEditResult> {
  const moved = preview.documents.find((state) => state.document.version !== state.version);
  if (moved) {
    const name = vscode.workspace.asRelativePath(moved.document.uri);
    return reported(params, `${name} changed while the diff was open`);
  }
  const result = await next({ ...params, edit: confirmed(params.edit) });
  if (!result.applied) {
    return reported(params, result.failureReason ?? "the editor refused the edit");
  }
  await save(preview);
  return result;
}

/** Save what the edit changed, but never a person's own unsaved work. */
async function save(preview: Preview): Promise<void> {
  for (const state of preview.documents) {
    if (!state.wasDirty && state.document.isDirty) {
      await state.document.save();
    }
  }
}

/** The same edit without the question, which was answered. */
function confirmed(edit: WorkspaceEdit): WorkspaceEdit {
  const answered = Object.entries(edit.changeAnnotations ?? {}).map(
    ([id, annotation]) => [id, { ...annotation, needsConfirmation: false }] as const,
  );
  return { ...edit, changeAnnotations: Object.fromEntries(answered) };
}

function questionOf(
  id: string,
  params: ApplyWorkspaceEditParams,
  preview: Preview,
  documents: VirtualDocuments,
): Question {
  const title = titleOf(params);
  const count = preview.files.length;
  const diff = new Diff(`Proposal: ${title}`, id, preview, documents);
  return {
    id,
    kind: "edit",
    title: count === 1 ? title : `${title} (${count} files)`,
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

function reported(params: ApplyWorkspaceEditParams, reason: string): ApplyWorkspaceEditResult {
  const title = titleOf(params);
  void vscode.window.showWarningMessage(
    plain(`Steward did not apply "${title}": ${reason}. Nothing was changed; ask again for a new one.`),
  );
  return refused(reason);
}
