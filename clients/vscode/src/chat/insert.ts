/** Code of an answer that the person puts where their own cursor is. */

import * as vscode from "vscode";
import { withoutHidden } from "../hidden";

/** Put it at the cursor, in the place of what is selected, as one step that can be undone. */
export async function insertAtCursor(code: string): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    throw new Error("there is no text to insert into. Open the file, put the cursor in place, and try again.");
  }
  const text = await readable(code);
  if (text === undefined) {
    return;
  }
  const document = editor.document;
  const isDone = await editor.edit((edit) => edit.replace(editor.selection, text), {
    undoStopBefore: true,
    undoStopAfter: true,
  });
  if (!isDone) {
    throw new Error(`nothing was inserted: ${document.fileName} cannot be changed.`);
  }
  await vscode.window.showTextDocument(document, { viewColumn: editor.viewColumn ?? vscode.ViewColumn.Active });
}

/** The code as it can be read; where nobody would see some of it, only if the person says so. */
async function readable(code: string): Promise<string | undefined> {
  const { text, count } = withoutHidden(code);
  if (count === 0) {
    return text;
  }
  const without = "Insert Without Them";
  const are = count === 1 ? "is 1 character" : `are ${count} characters`;
  const picked = await vscode.window.showWarningMessage(
    `There ${are} in this code that nobody would see. The answer shows where.`,
    { modal: true, detail: "They can make code mean something else than what it looks like." },
    without,
  );
  return picked === without ? text : undefined;
}
