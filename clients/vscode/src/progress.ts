/** Work that the server reports, with a button that stops it. */

import * as vscode from "vscode";
import {
  type ProgressToken,
  type WorkDoneProgressBegin,
  WorkDoneProgressCancelNotification,
  type WorkDoneProgressEnd,
  type WorkDoneProgressReport,
} from "vscode-languageclient/node";

type Value = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;
type Next = (token: ProgressToken, value: Value) => void;

interface Sender {
  sendNotification(
    type: typeof WorkDoneProgressCancelNotification.type,
    params: { token: ProgressToken },
  ): Promise<void>;
}

interface Shown {
  report: (message: string | undefined) => void;
  end: () => void;
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
      title: value.title,
      cancellable: true,
    };
    void vscode.window.withProgress(options, async (progress, cancelled) => {
      cancelled.onCancellationRequested(() => {
        void sender().sendNotification(WorkDoneProgressCancelNotification.type, { token });
      });
      const report = (message: string | undefined): void => {
        if (message !== undefined) {
          progress.report({ message });
        }
      };
      report(value.message);
      await new Promise<void>((end) => this.shown.set(token, { report, end }));
      this.shown.delete(token);
    });
  }
}
