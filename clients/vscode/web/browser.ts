/** Steward in a VS Code that has no machine behind it: it says so, once, and does nothing else. */

import * as vscode from "vscode";

const toldKey = "steward.toldThatItNeedsAServer";
const reason =
  "Steward needs its server, and a VS Code that runs in the browser alone cannot start one. " +
  "Open this folder in VS Code on your machine, over SSH, in a container, or in code-server.";

/** Tell the person what is missing; the status bar keeps saying it. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const item = vscode.window.createStatusBarItem("steward.status", vscode.StatusBarAlignment.Right, 100);
  item.name = "Steward";
  item.text = "$(law) Steward needs a server";
  item.tooltip = reason;
  item.show();
  context.subscriptions.push(item);
  if (!context.globalState.get(toldKey, false)) {
    await context.globalState.update(toldKey, true);
    void vscode.window.showInformationMessage(reason);
  }
}
