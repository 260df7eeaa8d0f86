/** Notifications that say what they were given, and nothing more. */

import * as vscode from "vscode";
import { MessageType, type ShowMessageParams } from "vscode-languageclient/node";

/**
 * Text for a notification. There, `[…](…)` would become a link, and a link may run any command:
 * what a model wrote must not be one click away from that.
 */
export function plain(text: string): string {
  return text.replaceAll("](", "] (");
}

/** Show a message of the server's. */
export function showMessage({ type, message }: ShowMessageParams): void {
  const text = plain(message);
  switch (type) {
    case MessageType.Error:
      void vscode.window.showErrorMessage(text);
      break;
    case MessageType.Warning:
      void vscode.window.showWarningMessage(text);
      break;
    default:
      void vscode.window.showInformationMessage(text);
  }
}
