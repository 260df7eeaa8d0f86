/** The walkthrough: opened at the first start, and its steps ticked as they are done. */

import * as vscode from "vscode";
import type { StatusParams } from "./protocol";

const shownKey = "steward.welcomed";
const walkthrough = "steward.steward#steward.start";

type Step = "server" | "model" | "trust" | "agent" | "undo";

/** The step that a command of the server's is. */
const steps: Record<string, Step> = {
  "steward.workspace.trust": "trust",
  "steward.undo": "undo",
  "steward.why": "undo",
};

/** Knows what was done, in whichever way, and has it ticked. */
export class Walkthrough {
  private readonly done = new Set<Step>();
  private isOpen = false;

  constructor(private readonly context: vscode.ExtensionContext) {}

  /** Open it if this is the first time, where VS Code may open something at its start. */
  async openOnce(): Promise<void> {
    const { globalState } = this.context;
    const opensAtStart = vscode.workspace.getConfiguration("workbench").get("startupEditor") !== "none";
    if (opensAtStart && !globalState.get(shownKey, false)) {
      await globalState.update(shownKey, true);
      await this.open();
    }
  }

  /** Open it at the first step that was not done yet, with a tick at those that were. */
  async open(): Promise<void> {
    await Promise.all([...this.done].map(tick));
    this.isOpen = true;
    await vscode.commands.executeCommand("workbench.action.openWalkthrough", walkthrough, false);
  }

  /** The server runs, and perhaps a model can be asked. */
  statusChanged({ ai }: StatusParams): void {
    this.finish("server");
    if (ai === "ready") {
      this.finish("model");
    }
  }

  /** An agent is at work. */
  ran(): void {
    this.finish("agent");
  }

  /** The server carried out a command. */
  executed(command: string): void {
    const step = steps[command];
    if (step !== undefined) {
      this.finish(step);
    }
  }

  private finish(step: Step): void {
    if (this.done.has(step)) {
      return;
    }
    this.done.add(step);
    void vscode.commands.executeCommand("setContext", `steward.done.${step}`, true);
    if (this.isOpen) {
      void tick(step);
    }
  }
}

/**
 * VS Code's own command for it: the context keys that the steps declare tick nothing where they were
 * true before VS Code read the walkthrough. A step that is not read yet is ticked all the same, and refused.
 */
async function tick(step: Step): Promise<void> {
  try {
    await vscode.commands.executeCommand("welcome.markStepComplete", `${walkthrough}#${step}`);
  } catch {
    // Not read yet, or no such command in this VS Code: then the person ticks.
  }
}
