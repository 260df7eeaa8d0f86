/** The status bar: what today cost and how near a budget is to its end; what waits, runs and is off. */

import * as vscode from "vscode";
import { revealed } from "./hidden";
import { plainIcon } from "./messages";
import type { StatusParams } from "./protocol";
import type { Questions } from "./questions";
import { fullness } from "./runs";

/** How much of the tightest budget is spent → how the item looks; in per cent. */
const warnedFrom = 80;
const nearlyFrom = 95;

/** What the links of a tooltip may do: show, and nothing else. */
const linked = {
  menu: "Menu",
  costs: "Costs",
  questions: "Open questions",
  runs: "Runs",
  explainGhostText: "Why is there no suggestion?",
  switchGhostText: "Switch ghost text",
} as const;

type Linked = keyof typeof linked;

/** Items on the right. The first is always there; the others come when they have something to say. */
export class StatusBar {
  private readonly main = item("steward.status", "Steward", 100, "steward.client.menu");
  private readonly questionsItem = item("steward.waiting", "Steward: Questions", 99, "steward.approvals.focus");
  private readonly runsItem = item("steward.working", "Steward: Agents at Work", 98, "steward.runs.focus");
  private readonly ghostItem = item("steward.ghost", "Steward: Ghost Text", 97, "steward.client.explainGhostText");
  private status: StatusParams | undefined;

  constructor(private readonly questions: Questions) {
    questions.onDidChange(() => this.draw());
    this.draw();
  }

  /** The number of questions, here or waiting elsewhere. */
  get questionCount(): number {
    return Math.max(this.status?.openQuestions ?? 0, this.questions.count);
  }

  /** What the server said last; `undefined` when there is no server. */
  get latest(): StatusParams | undefined {
    return this.status;
  }

  /** Show what the server says; `undefined` when there is no server. */
  update(status: StatusParams | undefined): void {
    this.status = status;
    this.draw();
  }

  dispose(): void {
    for (const each of [this.main, this.questionsItem, this.runsItem, this.ghostItem]) {
      each.dispose();
    }
  }

  private draw(): void {
    this.drawMain();
    this.drawQuestions();
    this.drawRuns();
    this.drawGhostText();
  }

  private drawMain(): void {
    const used = this.status?.usedPercent ?? 0;
    const sign = used >= nearlyFrom ? "$(error)" : used >= warnedFrom ? "$(warning)" : "$(law)";
    const near = used >= warnedFrom ? ` · ${used} % of a budget` : "";
    const background =
      used >= nearlyFrom ? "statusBarItem.errorBackground" : used >= warnedFrom ? "statusBarItem.warningBackground" : "";
    this.main.backgroundColor = background ? new vscode.ThemeColor(background) : undefined;
    const tooltip = tip(mainLines(this.status), ["menu", "costs"]);
    put(this.main, `${sign} ${mainText(this.status)}${near}`, tooltip);
  }

  private drawQuestions(): void {
    const count = this.questionCount;
    if (count === 0) {
      this.questionsItem.hide();
      return;
    }
    this.questionsItem.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
    const text = `${count} ${count === 1 ? "question" : "questions"}`;
    put(this.questionsItem, `$(question) ${text}`, tip([`${text} waiting for your answer`], ["questions"]));
  }

  private drawRuns(): void {
    const runs = this.status?.runs ?? [];
    if (runs.length === 0) {
      this.runsItem.hide();
      return;
    }
    const isIdle = runs.every(({ state }) => state === "waiting");
    const text = `${runs.length} ${runs.length === 1 ? "agent" : "agents"}`;
    const told = runs.map((run) => `${run.agent}: ${run.goal} (${run.state}${fullness(run.context)})`);
    put(this.runsItem, `$(${isIdle ? "watch" : "loading~spin"}) ${text}`, tip(told, ["runs"]));
  }

  /** A small sign that ghost text is off; the tooltip says why. Where the AI is off that says it all. */
  private drawGhostText(): void {
    const standing = this.status?.ghostText;
    const isAway = standing?.state === "off" || standing?.state === "unavailable";
    if (!isAway || this.status?.ai !== "ready") {
      this.ghostItem.hide();
      return;
    }
    const reason = `No ghost text: ${standing.reason ?? standing.state}`;
    put(this.ghostItem, "$(circle-slash)", tip([reason], ["explainGhostText", "switchGhostText"]), "no ghost text");
  }
}

function item(id: string, name: string, priority: number, command: string): vscode.StatusBarItem {
  const made = vscode.window.createStatusBarItem(id, vscode.StatusBarAlignment.Right, priority);
  made.name = name;
  made.command = command;
  return made;
}

function put(shown: vscode.StatusBarItem, text: string, tooltip: vscode.MarkdownString, spoken?: string): void {
  shown.text = text;
  shown.tooltip = tooltip;
  const words = spoken ?? text.replace(/\$\([^)]*\)/g, "").trim();
  shown.accessibilityInformation = { label: `Steward: ${words}`, role: "button" };
  shown.show();
}

function mainText(status: StatusParams | undefined): string {
  switch (status?.ai) {
    case undefined:
      return "Steward not running";
    case "off":
      return `AI off · ${plainIcon(status.spentToday)}`;
    case "ready":
      return `${plainIcon(status.spentToday)} today`;
  }
}

function mainLines(status: StatusParams | undefined): string[] {
  if (!status) {
    return ["Steward is not running. Click for what you can do."];
  }
  return [
    `Steward: AI is ${status.ai}`,
    ...(status.reason === null ? [] : [status.reason]),
    `Spent today ${status.spentToday}, in this window ${status.spentInSession}`,
    ...budgetLines(status),
  ];
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

/** Lines as text, in which nothing of a goal or a reason works, and links of our own below. */
function tip(lines: string[], links: Linked[]): vscode.MarkdownString {
  const made = new vscode.MarkdownString();
  made.isTrusted = { enabledCommands: links.map((link) => `steward.client.${link}`) };
  for (const line of lines) {
    made.appendText(revealed(line.replace(/\s+/g, " ")));
    made.appendMarkdown("\n\n");
  }
  made.appendMarkdown(links.map((link) => `[${linked[link]}](command:steward.client.${link})`).join(" · "));
  return made;
}
