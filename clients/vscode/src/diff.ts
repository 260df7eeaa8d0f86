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
    const sides = inReadingOrder(this.preview.files).map((file) => {
      const [left, right] = this.uris(file);
      return [
        file.uri,
        file.before === undefined ? undefined : this.documents.put(left, file.before),
        file.after === undefined ? undefined : this.documents.put(right, file.after),
      ];
    });
    await vscode.commands.executeCommand("vscode.changes", this.label, sides);
  }

  /** Close the tab and forget the copies. */
  async hide(): Promise<void> {
    // The editor itself adds the number of files to the label.
    await closeTabs((tab) => tab.label.startsWith(this.label) && isNoFile(tab));
    for (const uri of this.preview.files.flatMap((file) => this.uris(file))) {
      await this.documents.remove(uri);
    }
  }

  /** Where the two sides are; of a renamed file they bear its two names. */
  private uris(file: FilePreview): [before: vscode.Uri, after: vscode.Uri] {
    const from = file.kind === "rename" ? file.from : file.uri;
    return [
      this.documents.uri(from.path, `${this.id}:before`),
      this.documents.uri(file.uri.path, `${this.id}:after`),
    ];
  }
}

/** Renamed files last: an editor shows their whole text, even where none of it changes. */
function inReadingOrder(files: FilePreview[]): FilePreview[] {
  const order = ["edit", "create", "delete", "rename"];
  return files.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function isNoFile(tab: vscode.Tab): boolean {
  return !(tab.input instanceof vscode.TabInputText);
}
