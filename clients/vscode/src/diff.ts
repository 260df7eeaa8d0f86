/** A proposal's diff: all its files in one tab, before on the left and after on the right. */

import * as vscode from "vscode";
import { closeTabs, type VirtualDocuments } from "./documents";
import type { FilePreview, Preview } from "./preview";

/** Shows a preview. Both sides are copies: a glance at a diff must not be able to edit anything. */
export class Diff {
  constructor(
    private readonly label: string,
    private readonly id: string,
    private readonly preview: Preview,
    private readonly documents: VirtualDocuments,
  ) {}

  /** Bring the diff into view. */
  async show(): Promise<void> {
    const sides = this.preview.files.map((file) => [
      file.uri,
      this.put(file, "before"),
      this.put(file, "after"),
    ]);
    await vscode.commands.executeCommand("vscode.changes", this.label, sides);
  }

  /** Close the tab and forget the copies. */
  async hide(): Promise<void> {
    // The editor itself adds the number of files to the label.
    await closeTabs((tab) => tab.label.startsWith(this.label) && isNoFile(tab));
    for (const file of this.preview.files) {
      await this.documents.remove(this.uri(file, "before"));
      await this.documents.remove(this.uri(file, "after"));
    }
  }

  private put(file: FilePreview, side: "before" | "after"): vscode.Uri | undefined {
    const text = file[side];
    return text === undefined ? undefined : this.documents.put(this.uri(file, side), text);
  }

  private uri(file: FilePreview, side: string): vscode.Uri {
    return this.documents.uri(file.uri.path, `${this.id}:${side}`);
  }
}

function isNoFile(tab: vscode.Tab): boolean {
  return !(tab.input instanceof vscode.TabInputText);
}
