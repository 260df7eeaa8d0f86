/** Whether the person is writing in a file just now, so that nothing takes their keys. */

import * as vscode from "vscode";

/** Who has paused for longer than this has stopped. */
const pauseMs = 5_000;

/** Watches the file in front. */
export class Typing {
  private last = 0;
  private document: vscode.TextDocument | undefined;
  private readonly listening = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
    const isInFront = document === vscode.window.activeTextEditor?.document;
    if (isInFront && document.uri.scheme === "file" && contentChanges.length > 0) {
      this.last = Date.now();
      this.document = document;
    }
  });

  /** Whether keys go into a file, and did a moment ago. */
  get isTyping(): boolean {
    const isInFront = this.document === vscode.window.activeTextEditor?.document;
    return this.document !== undefined && isInFront && Date.now() - this.last < pauseMs;
  }

  /** What changed until now was our own doing. */
  forget(): void {
    this.document = undefined;
  }

  dispose(): void {
    this.listening.dispose();
  }
}
