/** The status bar: what today cost, what waits for an answer, and why the AI is off. */

import * as vscode from "vscode";
import type { StatusParams } from "./protocol";
import type { Questions } from "./questions";

/** One item on the right; a click opens the menu. */
export class StatusBar {
  private readonly item = vscode.window.createStatusBarItem(
    "steward.status",
    vscode.StatusBarAlignment.Right,
    100,
  );
  private status: StatusParams | undefined;

  constructor(private readonly questions: Questions) {
    this.item.name = "Steward";
    this.item.command = "steward.client.menu";
    questions.onDidChange(() => this.draw());
    this.draw();
  }

  /** The number of questions, here or waiting elsewhere. */
  get questionCount(): number {
    return Math.max(this.status?.openQuestions ?? 0, this.questions.count);
  }

  /** Show what the server says; `undefined` when there is no server. */
  update(status: StatusParams | undefined): void {
    this.status = status;
    this.draw();
  }

  dispose(): void {
    this.item.dispose();
  }

  private draw(): void {
    const waiting = this.questionCount;
    this.item.text = [mainText(this.status), waitingText(waiting)].filter(Boolean).join("  ");
    this.item.tooltip = tooltip(this.status, waiting);
    this.item.backgroundColor =
      waiting > 0 ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    const spoken = this.item.text.replace(/\$\([^)]*\)/g, "");
    this.item.accessibilityInformation = { label: `Steward: ${spoken}` };
    this.item.show();
  }
}

function mainText(status: StatusParams | undefined): string {
  switch (status?.ai) {
    case undefined:
      return "$(law) Steward not running";
    case "off":
      return `$(law) AI off · ${status.spentToday}`;
    case "ready":
      return `$(law) ${status.spentToday} today`;
  }
}

function waitingText(count: number): string {
  return count === 0 ? "" : `$(question) ${count} ${count === 1 ? "question" : "questions"}`;
}

function tooltip(status: StatusParams | undefined, waiting: number): string {
  if (!status) {
    return "Steward is not running. Click for what you can do.";
  }
  return [
    `Steward: AI is ${status.ai}`,
    status.reason,
    `Spent today ${status.spentToday}, in this window ${status.spentInSession}`,
    "",
    ...budgetLines(status),
    "",
    waiting > 0 ? `${waiting} waiting for your answer` : null,
    ...status.runs.map((run) => `${run.agent}: ${run.goal} (${run.state})`),
  ]
    .filter((line) => line !== null)
    .join("\n")
    .trimEnd();
}

/** The budget that has least left, as `:Steward status` words it in Neovim. */
function budgetLines(status: StatusParams): string[] {
  const name = status.budget.charAt(0).toUpperCase() + status.budget.slice(1);
  const of = status.limit === null ? ", no limit" : ` of ${status.limit}`;
  const left = status.left === null ? "" : `; left ${status.left}`;
  const lines = [
    `${name}:`,
    `Spent ${status.spent}${of}`,
    `Set aside for calls under way ${status.reserved}${left}`,
  ];
  return status.resetsOn === null ? lines : [...lines, `Renewed on ${status.resetsOn}`];
}
