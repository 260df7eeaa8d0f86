/** Saves what an approved edit changed, a moment after the server heard that it is made. */

import * as vscode from "vscode";
import { saveDocument } from "./workspaceEdit";

/** Time for the server to read the edit back. */
const afterMs = 300;

/** A document that an edit of ours has changed, and the text it has since then. */
export interface Changed {
  uri: vscode.Uri;
  text: string;
}

/**
 * Saving may format a text, so it comes after the answer: what the server reads back with that is
 * exactly what was approved.
 */
export class Saves {
  private last: Promise<unknown> = Promise.resolve();

  /** Save these in a moment, unless somebody types in them by then: that is their unsaved work. */
  soon(changed: Changed[]): void {
    const pause = new Promise((resolve) => setTimeout(resolve, afterMs));
    this.last = Promise.all([this.last, pause]).then(() => Promise.all(changed.map(saveIfOurs)));
  }

  /** Wait until nothing is left to save. */
  async done(): Promise<void> {
    await this.last;
  }
}

async function saveIfOurs({ uri, text }: Changed): Promise<void> {
  // An unsaved document stays open, in a tab or not; one that is not here needs no saving.
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open?.getText() === text) {
    await saveDocument(uri);
  }
}
