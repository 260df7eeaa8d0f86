/** The chat's view in the side bar: the page, and what it is told. It keeps nothing itself. */

import * as vscode from "vscode";
import { revealed } from "../hidden";
import { htmlOf, ownRoots } from "../webviews";
import type { FromPage, ToPage } from "./protocol";

/** Shows the page while the view is open; `heard` is told what the page says. */
export class ChatView implements vscode.WebviewViewProvider {
  private view: vscode.WebviewView | undefined;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly heard: (message: FromPage) => void,
  ) {}

  register(): vscode.Disposable {
    // The page is thrown away while the view is hidden: the server has what was said.
    return vscode.window.registerWebviewViewProvider("steward.chat", this);
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    const { webview } = view;
    webview.options = { enableScripts: true, localResourceRoots: ownRoots(this.extension) };
    webview.onDidReceiveMessage((message: FromPage) => this.heard(message));
    view.onDidDispose(() => {
      this.view = undefined;
    });
    webview.html = htmlOf(webview, this.extension, "chat", "Chat");
  }

  /** Tell the page, if there is one. One that comes later asks for everything. */
  tell(message: ToPage): void {
    void this.view?.webview.postMessage(message);
  }

  /** What stands beside the view's name. */
  describe(text: string): void {
    if (this.view) {
      this.view.description = revealed(text);
    }
  }

  /** Bring it into view, with the cursor in its box. */
  async open(): Promise<void> {
    await vscode.commands.executeCommand("steward.chat.focus");
    this.tell({ type: "focus" });
  }
}
