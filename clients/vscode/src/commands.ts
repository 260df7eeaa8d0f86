/** What the person can ask for: the palette, the right click and the status bar's menu. */

import * as vscode from "vscode";
import { ExecuteCommandRequest } from "vscode-languageclient/node";
import { tabName, type VirtualDocuments } from "./documents";
import { plain } from "./messages";
import type { Page, RunSummary } from "./protocol";
import { pickQuestion, type Question, type Questions } from "./questions";
import type { Server } from "./server";
import type { StatusBar } from "./status";

/** What the commands work with. */
export interface Parts {
  server: Server;
  questions: Questions;
  pages: VirtualDocuments;
  status: StatusBar;
}

/** Register every command of the client. */
export function registerCommands(parts: Parts): vscode.Disposable {
  const commands: Record<string, (...args: never[]) => Promise<void>> = {
    fix: () => fix(parts.server),
    questions: () => showQuestions(parts),
    cancelRun: () => cancelRun(parts.server),
    runs: () => showRun(parts),
    costs: () => showPage(parts, "Costs", "steward.usage"),
    audit: () => showPage(parts, "Audit trail", "steward.audit"),
    restart: () => parts.server.restart(),
    menu: () => showMenu(parts),
    answer: (uri?: vscode.Uri, choice?: string) => answer(parts.questions, uri, choice),
    apply: () => decide(parts.questions, "apply"),
    discard: () => decide(parts.questions, "discard"),
  };
  const registered = Object.entries(commands).map(([name, run]) =>
    vscode.commands.registerCommand(`steward.client.${name}`, reporting(run)),
  );
  return vscode.Disposable.from(...registered);
}

/** A failure becomes a message that a person can read, not a stack trace in a log. */
function reporting(run: (...args: never[]) => Promise<void>): (...args: never[]) => Promise<void> {
  return async (...args) => {
    try {
      await run(...args);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      void vscode.window.showErrorMessage(plain(`Steward: ${reason}`));
    }
  };
}

async function execute<T>(server: Server, command: string, ...args: object[]): Promise<T> {
  const params = { command, arguments: args };
  return (await server.running().sendRequest(ExecuteCommandRequest.type, params)) as T;
}

async function fix(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== "file") {
    void vscode.window.showInformationMessage("Steward: open the file that the agent should fix.");
    return;
  }
  const goal = await vscode.window.showInputBox({
    title: "Steward: fix with agent",
    prompt: "What should be different? The agent shows a plan before it does anything.",
    value: suggestedGoal(editor),
    ignoreFocusOut: true,
  });
  if (!goal?.trim()) {
    return;
  }
  const converter = server.running().code2ProtocolConverter;
  await execute(server, "steward.agent.run", {
    agent: "fix",
    goal: goal.trim(),
    uri: converter.asUri(editor.document.uri),
    range: converter.asRange(editor.selection),
  });
}

function suggestedGoal(editor: vscode.TextEditor): string {
  return vscode.languages
    .getDiagnostics(editor.document.uri)
    .filter((diagnostic) => diagnostic.range.intersection(editor.selection))
    .map((diagnostic) => `Fix: ${diagnostic.message}`)
    .join("; ");
}

async function showQuestions(parts: Parts): Promise<void> {
  const here = parts.questions.all();
  const picked = await pickQuestion(here);
  if (picked) {
    void parts.questions.present(picked);
  }
  // Questions that another window asked, or that outlived the server, are known to the server only.
  await execute(parts.server, "steward.questions.show");
  if (here.length === 0 && parts.status.questionCount === 0) {
    void vscode.window.showInformationMessage("Steward: no question waits for you.");
  }
}

async function answer(questions: Questions, uri?: vscode.Uri, choice?: string): Promise<void> {
  const asked = questions.all().filter((question) => question.kind === "ask");
  const question = (uri && questions.get(uri.query)) ?? (await pickQuestion(asked));
  const chosen = question && (choice ?? (await pickChoice(question)));
  if (question && chosen) {
    questions.answer(question.id, chosen);
  }
}

async function pickChoice(question: Question): Promise<string | undefined> {
  const items = question.choices.map((choice) => ({ label: choice.title, id: choice.id }));
  return (await vscode.window.showQuickPick(items, { title: question.title }))?.id;
}

async function decide(questions: Questions, choice: "apply" | "discard"): Promise<void> {
  const edits = questions.all().filter((question) => question.kind === "edit");
  const question = await pickQuestion(edits);
  if (question) {
    questions.answer(question.id, choice);
  }
}

async function pickRun(
  server: Server,
  title: string,
  wanted: (run: RunSummary) => boolean,
): Promise<RunSummary | undefined> {
  const runs = (await execute<RunSummary[]>(server, "steward.runs")).filter(wanted);
  if (runs.length === 0) {
    void vscode.window.showInformationMessage("Steward: there is no such run.");
    return undefined;
  }
  const items = runs.map((run) => ({
    label: run.goal,
    description: `${run.state} · ${run.cost}`,
    detail: `${run.agent}, started ${run.startedAt}`,
    run,
  }));
  return (await vscode.window.showQuickPick(items, { title }))?.run;
}

/** States in which a run has nothing left to cancel. */
const finished = new Set(["finished", "failed", "cancelled"]);

async function cancelRun(server: Server): Promise<void> {
  const run = await pickRun(server, "Steward: cancel which run?", ({ state }) => !finished.has(state));
  if (run) {
    await execute(server, "steward.run.cancel", { runId: run.id });
  }
}

async function showRun(parts: Parts): Promise<void> {
  const run = await pickRun(parts.server, "Steward: show which run?", () => true);
  if (run) {
    await showPage(parts, `Run ${run.goal}`, "steward.run.show", { runId: run.id });
  }
}

async function showPage(parts: Parts, title: string, command: string, ...args: object[]): Promise<void> {
  const page = await execute<Page>(parts.server, command, ...args);
  const uri = parts.pages.put(parts.pages.uri(`/${tabName(title)}.md`, command), page.markdown);
  await vscode.commands.executeCommand("markdown.showPreview", uri);
}

async function showMenu(parts: Parts): Promise<void> {
  const waiting = parts.status.questionCount;
  const entries = [
    ["questions", `$(question) Open Questions (${waiting})`],
    ["fix", "$(wand) Fix with Agent…"],
    ["runs", "$(list-ordered) Runs"],
    ["costs", "$(law) Costs"],
    ["audit", "$(checklist) Audit Trail"],
    ["restart", "$(debug-restart) Restart Server"],
  ] as const;
  const items = entries.map(([command, label]) => ({ label, command }));
  const picked = await vscode.window.showQuickPick(items, { title: "Steward" });
  if (picked) {
    await vscode.commands.executeCommand(`steward.client.${picked.command}`);
  }
}
