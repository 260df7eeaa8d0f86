/** After a run that changed files here: its changes can be taken back, from a message and by command. */

import * as vscode from "vscode";
import { isEnded } from "./agreed";
import type { RunParams } from "./protocol";
import type { Server } from "./server";
import type { Typing } from "./typing";
import { restoreBefore, undoChanges } from "./undo";

/** So many runs under way are remembered. */
const runsMax = 50;

/** Counts what landed in this window, run by run. */
export class Aftermath {
  private readonly landed = new Map<string, number>();

  constructor(
    private readonly server: () => Server,
    private readonly typing: Typing,
  ) {}

  /** A proposal of a run was applied here. */
  note(runId: string): void {
    this.landed.set(runId, (this.landed.get(runId) ?? 0) + 1);
    const [oldest] = this.landed.keys();
    if (this.landed.size > runsMax && oldest !== undefined) {
      this.landed.delete(oldest);
    }
  }

  /** Once a run has ended that changed something, say what can be done about it. */
  async runChanged({ runId, state }: RunParams): Promise<void> {
    const count = this.landed.get(runId);
    if (!isEnded(state) || count === undefined) {
      return;
    }
    this.landed.delete(runId);
    const restore = "Restore to Before This Run";
    const undo = "Undo a Part…";
    const what = count === 1 ? "one change" : `${count} changes`;
    const picked = await vscode.window.showInformationMessage(
      `Steward: the run has ended and made ${what} here. What you write afterwards stays if you take them back.`,
      ...(count === 1 ? [restore] : [restore, undo]),
    );
    this.typing.forget(); // Who presses a button waits for what comes of it.
    if (picked === restore) {
      await restoreBefore(this.server(), runId);
    } else if (picked === undo) {
      await undoChanges(this.server(), runId);
    }
  }
}
