/** Undoes the half of an edit that the editor made before it failed. */

import * as vscode from "vscode";
import { type FilePreview, isThere, type Place } from "./preview";
import { apply, replaceText, saveDocument } from "./workspaceEdit";

/** A path right before the edit, with what it takes to bring it back. */
export interface Kept extends Place {
  /** The file's own bytes, and its document; neither where there is no file. */
  bytes?: Uint8Array;
  document?: vscode.TextDocument;
  /** The folders that a file here would need, the deepest first. */
  missingFolders: vscode.Uri[];
}

/** Undo what was done. Returns where somebody else's text is, which is left alone. */
export async function takeBack(files: FilePreview[], kept: Kept[]): Promise<vscode.Uri[]> {
  await renameBack(files);
  const ours = new Set([undefined, ...files.flatMap((file) => [file.before, file.after])]);
  const left: vscode.Uri[] = [];
  for (const place of kept) {
    const now = await textNow(place.uri);
    if (now !== place.before && !(ours.has(now) && (await restore(place, now)))) {
      left.push(place.uri);
    }
  }
  await removeEmpty(kept.flatMap((place) => place.missingFolders));
  return left;
}

/** Rather than make the file anew: so it keeps its rights, its tabs and its unsaved text. */
async function renameBack(files: FilePreview[]): Promise<void> {
  for (const file of files) {
    if (file.kind === "rename" && !(await isThere(file.from)) && (await isThere(file.uri))) {
      const edit = new vscode.WorkspaceEdit();
      edit.renameFile(file.uri, file.from);
      await apply(edit);
    }
  }
}

async function restore(place: Kept, now: string | undefined): Promise<boolean> {
  const edit = new vscode.WorkspaceEdit();
  if (place.before === undefined) {
    edit.deleteFile(place.uri);
  } else if (now === undefined) {
    edit.createFile(place.uri, { contents: place.bytes ?? new Uint8Array() });
  } else {
    replaceText(edit, place.uri, now, place.before);
  }
  if (!(await apply(edit))) {
    return false;
  }
  if (place.before !== undefined && !place.wasDirty) {
    await saveDocument(place.uri);
  }
  return (await textNow(place.uri)) === place.before;
}

async function textNow(uri: vscode.Uri): Promise<string | undefined> {
  return (await isThere(uri)) ? (await vscode.workspace.openTextDocument(uri)).getText() : undefined;
}

async function removeEmpty(folders: vscode.Uri[]): Promise<void> {
  for (const folder of folders) {
    // Without `recursive` only an empty folder goes; one that somebody uses by now stays.
    await vscode.workspace.fs.delete(folder).then(undefined, () => undefined);
  }
}
