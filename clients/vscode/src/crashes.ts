/** A server that ends by itself is started again, but not one that does so time and again. */

import * as vscode from "vscode";
import {
  CloseAction,
  type CloseHandlerResult,
  ErrorAction,
  ErrorCodes,
  type ErrorHandler,
  type ErrorHandlerResult,
  LanguageClient,
  type Message,
  ResponseError,
  State,
} from "vscode-languageclient/node";
import { showFailure } from "./messages";

/** As in Neovim: so many ends in so long are too many. */
const endsMax = 5;
const withinMs = 3 * 60_000;
/** So long a start that follows an end may take to begin. */
const startedAgainMs = 1_000;
/** After so many errors in a row nothing comes through any more. */
const errorsMax = 3;

/** Says in words what happened and what to do; the library alone would say it only in its log. */
export class Crashes implements ErrorHandler {
  private ends: number[] = [];

  constructor(private readonly showLog: () => void) {}

  /** A message did not come through. Where the server has ended, that is told for itself. */
  error(_error: Error, _message: Message | undefined, count: number | undefined): ErrorHandlerResult {
    if (count !== undefined && count <= errorsMax) {
      return { action: ErrorAction.Continue, handled: true };
    }
    void this.tellGivenUp("Steward's server cannot be reached any more.");
    return { action: ErrorAction.Shutdown, handled: true };
  }

  closed(): CloseHandlerResult {
    const now = Date.now();
    this.ends = [...this.ends.filter((at) => now - at <= withinMs), now];
    if (this.ends.length < endsMax) {
      void vscode.window.showWarningMessage(
        "Steward's server ended by itself and is started again. Open questions come back; none was answered.",
      );
      return { action: CloseAction.Restart, handled: true };
    }
    void this.tellGivenUp(`Steward's server ended by itself ${endsMax} times within three minutes, so it is left off.`);
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  /** The server did not answer as it was begun with; nothing is tried again from here. */
  failedToBegin(error: unknown, state: () => State): boolean {
    if (!isOfEnd(error)) {
      showFailure(error);
      return false;
    }
    // It ended while it started. Where its end has not had it started again by now, nothing will.
    setTimeout(() => {
      if (state() !== State.Running && state() !== State.Starting) {
        void this.tellGivenUp("Steward's server ended while it was being started, so it is left off.");
      }
    }, startedAgainMs);
    return false;
  }

  private async tellGivenUp(what: string): Promise<void> {
    const start = "Start Again";
    const log = "Show Log";
    const picked = await vscode.window.showErrorMessage(
      `${what} Your files and what you typed are untouched, and open questions wait. Its log says why; start it again when you like.`,
      start,
      log,
    );
    if (picked === start) {
      await vscode.commands.executeCommand("steward.client.restart");
    } else if (picked === log) {
      this.showLog();
    }
  }
}

/** A client that says of a server's end only what is said here; all else it says as ever. */
export class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown, showNotification?: boolean | "force"): void {
    super.error(message, data, isOfEnd(data) ? false : showNotification);
  }
}

/** What was asked of a server that has ended. */
function isOfEnd(error: unknown): boolean {
  return error instanceof ResponseError && error.code === ErrorCodes.PendingResponseRejected;
}
