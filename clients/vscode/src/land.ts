/** Carries out what a person approved: exactly what they saw, all of it or nothing. */

import * as vscode from "vscode";
import { type FilePreview, isThere, nameOf, type Place, type Preview } from "./preview";
import type { Changed } from "./saves";
import { type Kept, takeBack } from "./takeBack";
import { apply, replaceText } from "./workspaceEdit";

/** The files are as they were. */
export class NotLandedError extends Error {}

/** Not even that: somebody else's text stands where half of the edit should be undone. */
export class HalfLandedError extends Error {}

/**
 * Make the changes of a preview. Returns what was saved before and is not any more. Throws
 * `NotLandedError` if a file is not what the preview was made from, or the editor fails; what it had
 * done by then is undone, or a `HalfLandedError` says where it could not be.
 */
export async function land(preview: Preview): Promise<Changed[]> {
  const kept = await Promise.all(preview.places.map(keep));
  const edit = editOf(preview.files);
  // Nothing is awaited from here on: what is typed later, the editor itself refuses to overwrite.
  for (const { document, before, uri } of kept) {
    if (document && document.getText() !== before) {
      throw changed(uri);
    }
  }
  if (!(await apply(edit))) {
    const left = await takeBack(preview.files, kept);
    throw left.length === 0
      ? new NotLandedError("the editor could not make all of its changes")
      : new HalfLandedError(`the editor made a part of its changes. Look at ${left.map(nameOf).join(", ")}`);
  }
  return toSave(preview.files, kept);
}

/** Read what is there now; it must be what the person was shown, in the editor and on the disk. */
async function keep(place: Place): Promise<Kept> {
  const { uri, before } = place;
  if (before === undefined) {
    if (await isThere(uri)) {
      throw changed(uri);
    }
    return { ...place, missingFolders: await missingFolders(uri) };
  }
  try {
    const document = await vscode.workspace.openTextDocument(uri);
    const bytes = await vscode.workspace.fs.readFile(uri);
    const onDisk = await vscode.workspace.decode(bytes, { encoding: document.encoding });
    if (!document.isDirty && unixLines(onDisk) !== unixLines(before)) {
      throw changed(uri);
    }
    return { ...place, wasDirty: document.isDirty, bytes, document, missingFolders: [] };
  } catch (error) {
    throw error instanceof NotLandedError ? error : changed(uri);
  }
}

/** The folders that a file here would need, the deepest first. */
async function missingFolders(uri: vscode.Uri): Promise<vscode.Uri[]> {
  const folder = vscode.Uri.joinPath(uri, "..");
  return (await isThere(folder)) ? [] : [folder, ...(await missingFolders(folder))];
}

function changed(uri: vscode.Uri): NotLandedError {
  return new NotLandedError(`${nameOf(uri)} changed while the diff was open`);
}

/** A document has one kind of line end only, whatever mixture its file has. */
function unixLines(text: string): string {
  return text.replace(/\r\n|\r/g, "\n");
}

/** Edits of texts first: they are what fails if somebody types, and then nothing was done yet. */
function editOf(files: FilePreview[]): vscode.WorkspaceEdit {
  const edit = new vscode.WorkspaceEdit();
  const of = (kind: FilePreview["kind"]): FilePreview[] => files.filter((file) => file.kind === kind);
  for (const file of [...of("edit"), ...of("create"), ...of("rename"), ...of("delete")]) {
    switch (file.kind) {
      case "create":
        // With its text: an editor would give an empty file line ends of its own choice.
        edit.createFile(file.uri, { contents: new TextEncoder().encode(file.after) });
        break;
      case "edit":
        replaceText(edit, file.uri, file.before, file.after);
        break;
      case "rename":
        edit.renameFile(file.from, file.uri);
        replaceText(edit, file.uri, file.before, file.after);
        break;
      case "delete":
        edit.deleteFile(file.uri);
        break;
    }
  }
  return edit;
}

/** What the edit changed, without a person's own unsaved work; a new file is on the disk already. */
function toSave(files: FilePreview[], kept: Kept[]): Changed[] {
  const unsaved = new Set(kept.filter((place) => place.wasDirty).map(({ uri }) => uri.toString()));
  return files.flatMap((file) => {
    if (file.kind !== "edit" && file.kind !== "rename") {
      return [];
    }
    const origin = file.kind === "rename" ? file.from : file.uri;
    return unsaved.has(origin.toString()) ? [] : [{ uri: file.uri, text: file.after }];
  });
}
