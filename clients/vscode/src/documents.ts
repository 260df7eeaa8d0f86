/** Read-only documents that exist in the editor only: questions, pages and both sides of a diff. */

import * as vscode from "vscode";
import { revealed } from "./hidden";

/** Holds the texts behind one URI scheme. Nothing in them can be edited or saved. */
export class VirtualDocuments implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  constructor(readonly scheme: string) {}

  /** Make the scheme known to the editor. */
  register(): vscode.Disposable {
    return vscode.workspace.registerTextDocumentContentProvider(this.scheme, this);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  /** Where a text will be: the end of `path` names the tab, `key` tells equal names apart. */
  uri(path: string, key: string): vscode.Uri {
    return vscode.Uri.from({ scheme: this.scheme, path, query: key });
  }

  /** Keep the text at `uri`, which is returned. */
  put(uri: vscode.Uri, text: string): vscode.Uri {
    this.texts.set(uri.toString(), text);
    this.changed.fire(uri);
    return uri;
  }

  /** Forget the text and close the tabs that show it. */
  async remove(uri: vscode.Uri): Promise<void> {
    this.texts.delete(uri.toString());
    await closeTabs((tab) => showsUri(tab, uri));
  }
}

/** Close every tab that `matches`, without moving the cursor out of the person's editor. */
export async function closeTabs(matches: (tab: vscode.Tab) => boolean): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter(matches);
  if (tabs.length > 0) {
    await vscode.window.tabGroups.close(tabs, true);
  }
}

/** A title as the last part of a path: one line, no separator (one that looks like it), nothing hidden, not too long. */
export function tabName(title: string): string {
  const name = revealed(title.replace(/\s+/g, " ")).replace(/[\\/]/g, "\u2215").trim();
  return name.length <= 60 ? name : `${name.slice(0, 59)}…`;
}

function showsUri(tab: vscode.Tab, uri: vscode.Uri): boolean {
  return tab.input instanceof vscode.TabInputText && tab.input.uri.toString() === uri.toString();
}
