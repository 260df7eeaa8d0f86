/** The editor's own edits, as far as we make them ourselves. */

import * as vscode from "vscode";
import { nameOf } from "./preview";
import { changedLines } from "./textEdits";

/** Whether the editor made the edit; where it did not, it may have made a part of it. */
export async function apply(edit: vscode.WorkspaceEdit): Promise<boolean> {
  return vscode.workspace.applyEdit(edit).then(
    (isApplied) => isApplied,
    () => false,
  );
}

/** Turn one text into the other, leaving the lines alone that are the same in both. */
export function replaceText(
  edit: vscode.WorkspaceEdit,
  uri: vscode.Uri,
  before: string,
  after: string,
): void {
  if (before !== after) {
    const { start, end, text } = changedLines(before, after);
    edit.replace(uri, new vscode.Range(start, 0, end, 0), text);
  }
}

/** Save the document if it is not saved; the person is told where that fails. */
export async function saveDocument(uri: vscode.Uri): Promise<void> {
  if (!(await isSaved(uri).catch(() => false))) {
    void vscode.window.showWarningMessage(
      `Steward changed ${nameOf(uri)}, which could not be saved. Save it yourself.`,
    );
  }
}

async function isSaved(uri: vscode.Uri): Promise<boolean> {
  const document = await vscode.workspace.openTextDocument(uri);
  return !document.isDirty || (await document.save());
}
