/** The folder that Steward works in: the first of the window's. */

import * as vscode from "vscode";

/** The folder that agents work in. */
export function firstFolder(): vscode.WorkspaceFolder | undefined {
  return vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file");
}
