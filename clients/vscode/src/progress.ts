/** Work that the server reports, with a button that stops it. */

import * as vscode from "vscode";
import {
  type ProgressToken,
  type WorkDoneProgressBegin,
  WorkDoneProgressCancelNotification,
  type WorkDoneProgressEnd,
  type WorkDoneProgressReport,
} from "vscode-languageclient/node";
import { plain } from "./messages";

type Value = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;
type Next = (token: ProgressToken, value: Value) => void;

interface Sender {
  sendNotification(
    type: typeof WorkDoneProgressCancelNotification.type,
    params: { token: ProgressToken },
  ): Promise<void>;
}

/** One piece of work: its latest message, and its end. */
class Shown {
  private progress: vscode.Progress<{ message: string }> | undefined;
  end: () => void = () => undefined;
  readonly ended = new Promise<void>((end) => {
    this.end = end;
  });

  constructor(private message: string | undefined) {}

  showOn(progress: vscode.Progress<{ message: string }>): void {
    this.progress = progress;
    this.report(this.message);
  }

  report(message: string | undefined): void {
    this.message = message ?? this.message;
    if (this.message !== undefined) {
      this.progress?.report({ message: plain(this.message) });
    }
  }
}

/** Shows cancellable work as a notification; the protocol library alone would hide the button. */
export class CancellableProgress {
  private readonly shown = new Map<ProgressToken, Shown>();

  /** Take one report; what cannot be cancelled goes on to `next`, the usual place. */
  handle(token: ProgressToken, value: Value, next: Next, sender: () => Sender): void {
    if (value.kind === "begin" && value.cancellable) {
      this.begin(token, value, sender);
    } else if (value.kind === "report" && this.shown.has(token)) {
      this.shown.get(token)?.report(value.message);
    } else {
      this.shown.get(token)?.end();
      next(token, value);
    }
  }

  /** End all; the server is gone. */
  clear(): void {
    for (const shown of [...this.shown.values()]) {
      shown.end();
    }
  }

  private begin(token: ProgressToken, value: WorkDoneProgressBegin, sender: () => Sender): void {
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: plain(value.title),
      cancellable: true,
    };
    // Known at once: the next report does not wait until the notification is there.
    const shown = new Shown(value.message);
    this.shown.set(token, shown);
    void vscode.window.withProgress(options, async (progress, cancelled) => {
      cancelled.onCancellationRequested(() => {
        void sender().sendNotification(WorkDoneProgressCancelNotification.type, { token });
      });
      shown.showOn(progress);
      await shown.ended;
      this.shown.delete(token);
    });
  }
}
