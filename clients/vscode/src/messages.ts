/** Notifications that say what they were given, and nothing more. */

import * as vscode from "vscode";
import { MessageType, type ShowMessageParams } from "vscode-languageclient/node";
import { revealed } from "./hidden";

/**
 * Text for a notification. There, `[…](…)` would become a link, and a link may run any command:
 * what a model wrote must not be one click away from that. Nor may it hide or turn round what is said.
 */
export function plain(text: string): string {
  return revealed(text).replaceAll("](", "] (");
}

/** Text for a list, where `$(…)` would become a picture. */
export function plainIcon(text: string): string {
  return plain(text).replaceAll("$(", "$ (");
}

/** The same on one line. */
export function line(text: string): string {
  return plainIcon(text.replace(/\s+/g, " ").trim());
}

/** Why something failed, in words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Say that something failed, and why: a message that a person can read, not a stack trace in a log. */
export function showFailure(error: unknown): void {
  void vscode.window.showErrorMessage(plain(`Steward: ${reasonOf(error)}`));
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
