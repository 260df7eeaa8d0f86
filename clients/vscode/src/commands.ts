/** What the person can ask for: the palette, the right click and the status bar's menu. */

import * as vscode from "vscode";
import { newAgent, runAgent, sendErrand, trustFolder } from "./agents";
import type { Chat } from "./chat/chat";
import type { VirtualDocuments } from "./documents";
import { extensionCommands } from "./extensions/actions";
import type { Extensions } from "./extensions/extensions";
import type { Panels } from "./extensions/panels";
import { giveFeedback } from "./feedback";
import { explainGhostText, switchGhostText } from "./ghostText";
import type { Installation } from "./install";
import { addKey } from "./keys";
import { plainIcon, showFailure } from "./messages";
import { showInstructions, showMcpServers, showPage, showWhy } from "./pages";
import type { PlanDrafts } from "./plan/drafts";
import type { PlanPanels } from "./plan/panels";
import type { SentCall } from "./protocol";
import { hasChoice, keepSomeId, pickChoice, pickQuestion, type Questions } from "./questions";
import { cancelRun, pickRun, resumeRun, revokeGrants } from "./runs";
import { reviewCommands } from "./review/commands";
import type { Reviews } from "./review/reviews";
import type { Server } from "./server";
import { writeCommitMessage, writePullRequestText } from "./sourceControl";
import type { StatusBar } from "./status";
import type { Typing } from "./typing";
import { rowCommands } from "./trees/commands";
import type { Trees } from "./trees/trees";
import { refuseTrust, showEnables } from "./trust";
import { redoChanges, restoreBefore, undoChanges } from "./undo";
import type { Walkthrough } from "./welcome";

/** What the commands work with. */
export interface Parts {
  server: Server;
  installation: Installation;
  questions: Questions;
  asked: VirtualDocuments;
  pages: VirtualDocuments;
  drafts: PlanDrafts;
  plans: PlanPanels;
  status: StatusBar;
  chat: Chat;
  reviews: Reviews;
  typing: Typing;
  trees: Trees;
  walkthrough: Walkthrough;
  extensions: Extensions;
  panels: Panels;
}

/** Register every command of the client. */
export function registerCommands(parts: Parts): vscode.Disposable {
  const commands: Record<string, (...args: never[]) => Promise<void>> = {
    fix: () => sendErrand(parts.server, "fix"),
    explain: () => sendErrand(parts.server, "explain"),
    review: () => sendErrand(parts.server, "reviewer"),
    refactor: () => sendErrand(parts.server, "refactor"),
    document: () => sendErrand(parts.server, "documenter"),
    writeTests: () => sendErrand(parts.server, "test-writer"),
    runAgent: () => runAgent(parts.server),
    newAgent: () => newAgent(parts.server),
    trust: () => trustFolder(parts.server).finally(() => parts.trees.refresh()),
    refuseTrust: () => refuseTrust(parts.server).finally(() => parts.trees.refresh()),
    trustEnables: () => showEnables(parts),
    feedbackOnSuggestion: () => giveFeedback(parts.server, "suggestion", "", "The last suggestion"),
    ...rowCommands(parts),
    ...extensionCommands(parts),
    questions: () => showQuestions(parts),
    cancelRun: () => cancelRun(parts.server),
    resumeRun: () => resumeRun(parts.server),
    runs: () => showRun(parts),
    sent: () => showSent(parts),
    grants: () => revokeGrants(parts.server),
    why: () => showWhy(parts),
    undo: () => undoChanges(parts.server),
    restore: () => restoreBefore(parts.server),
    redo: () => redoChanges(parts.server),
    instructions: () => showInstructions(parts),
    mcp: () => showMcpServers(parts),
    sendPlan: (uri?: vscode.Uri) => parts.drafts.send(uri ?? vscode.window.activeTextEditor?.document.uri),
    commitMessage: () => writeCommitMessage(parts.server),
    pullRequestText: () => writePullRequestText(parts.server),
    costs: () => showPage(parts, "Costs", "steward.usage"),
    audit: () => showPage(parts, "Audit trail", "steward.audit"),
    switchGhostText: () => switchGhostText(parts.server),
    explainGhostText: () => explainGhostText(parts.server),
    ghostTextReport: () => showPage(parts, "Ghost text", "steward.completion.report"),
    installServer: () => installServer(parts),
    addKey: () => addKey(parts.server),
    walkthrough: () => parts.walkthrough.open(),
    chat: () => parts.chat.open(),
    newConversation: () => parts.chat.begin(),
    conversations: () => parts.chat.pick(),
    deleteConversation: () => parts.chat.delete(),
    exportConversation: () => parts.chat.export(),
    stopAnswer: () => parts.chat.stop(),
    addSelection: () => parts.chat.add("selection"),
    addProblems: () => parts.chat.add("diagnostics"),
    addTerminal: () => parts.chat.add("terminal"),
    restart: () => parts.server.restart(),
    menu: () => showMenu(parts),
    answer: (uri?: vscode.Uri, choice?: string) => answer(parts.questions, uri, choice),
    apply: () => decide(parts.questions, "apply"),
    keepSome: () => decide(parts.questions, keepSomeId),
    ...reviewCommands(parts.reviews),
    discard: () => decide(parts.questions, "discard"),
  };
  const registered = Object.entries(commands).map(([name, run]) =>
    vscode.commands.registerCommand(`steward.client.${name}`, reporting(run, parts.typing)),
  );
  return vscode.Disposable.from(...registered);
}

/** The command, whose failures are told. */
function reporting(
  run: (...args: never[]) => Promise<void>,
  typing: Typing,
): (...args: never[]) => Promise<void> {
  return async (...args) => {
    typing.forget(); // Who runs a command waits for what comes of it.
    try {
      await run(...args);
    } catch (error) {
      showFailure(error);
    }
  };
}

async function installServer({ installation, server }: Parts): Promise<void> {
  if (await installation.install()) {
    await server.restart();
    void vscode.window.showInformationMessage("Steward: the server is installed and runs.");
  }
}

async function showQuestions(parts: Parts): Promise<void> {
  const here = parts.questions.all();
  const picked = await pickQuestion(here);
  if (picked) {
    void parts.questions.present(picked);
  }
  // Questions that another window asked, or that outlived the server, are known to the server only.
  await parts.server.execute("steward.questions.show");
  if (here.length === 0 && parts.status.questionCount === 0) {
    void vscode.window.showInformationMessage("Steward: no question waits for you.");
  }
}

async function answer(questions: Questions, uri?: vscode.Uri, choice?: string): Promise<void> {
  const asked = questions.all().filter((question) => question.kind === "ask");
  const question = (uri && questions.get(uri.query)) ?? (await pickQuestion(asked));
  const chosen = question && (choice ?? (await pickChoice(question)));
  if (question && chosen) {
    await questions.choose(question, chosen);
  }
}

async function decide(questions: Questions, choice: string): Promise<void> {
  const edits = questions.all().filter(({ kind }) => kind === "edit");
  const question = await pickQuestion(edits.filter((edit) => hasChoice(edit, choice)));
  if (question) {
    await questions.choose(question, choice);
  }
}

async function showRun(parts: Parts): Promise<void> {
  const run = await pickRun(parts.server, "Steward: show which run?", () => true);
  if (run) {
    await showPage(parts, `Run ${run.goal}`, "steward.run.show", { runId: run.id });
  }
}

async function showSent(parts: Parts): Promise<void> {
  const calls = await parts.server.execute<SentCall[]>("steward.sent.list");
  const ofRun: SentItem = { label: "$(list-ordered) A run…", detail: "All that one of your runs sent" };
  const picked = await vscode.window.showQuickPick([ofRun, ...calls.map(sentItem)], {
    title: "Steward: show what was sent",
    placeHolder: "The latest calls of this window, or a run",
    matchOnDescription: true,
  });
  if (picked?.call) {
    const { id, task } = picked.call;
    await showPage(parts, `Sent for ${tasks[task] ?? task}`, "steward.sent.show", { id });
  } else if (picked) {
    const run = await pickRun(parts.server, "Steward: show what which run sent?", () => true);
    if (run) {
      await showPage(parts, `Sent for ${run.goal}`, "steward.run.sent", { runId: run.id });
    }
  }
}

type SentItem = vscode.QuickPickItem & { call?: SentCall };

/** What a model was asked for, as people call it. */
const tasks: Record<string, string> = {
  completion: "ghost text",
  next_edit: "next edit",
  plan: "plan",
  agent: "agent",
  chat: "chat",
};

function sentItem(call: SentCall): SentItem {
  const at = new Date(call.at).toLocaleTimeString();
  const label = `${tasks[call.task] ?? call.task} at ${at}`;
  return { label, description: plainIcon(`${call.model} · ${call.cost} · ${call.outcome}`), call };
}

async function showMenu(parts: Parts): Promise<void> {
  const waiting = parts.status.questionCount;
  const entries = [
    ["questions", `$(question) Open Questions (${waiting})`],
    ["chat", "$(comment-discussion) Chat"],
    ["runAgent", "$(wand) Run Agent…"],
    ["switchGhostText", "$(lightbulb) Ghost Text…"],
    ["runs", "$(list-ordered) Runs"],
    ["undo", "$(discard) Undo a Run's Changes…"],
    ["redo", "$(redo) Redo What Was Undone…"],
    ["grants", "$(key) Grants and Refusals"],
    ["instructions", "$(book) Instructions"],
    ["mcp", "$(plug) MCP Servers"],
    ["extensionCommand", "$(extensions) Run Extension Command…"],
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
