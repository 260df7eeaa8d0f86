/** Agents: chosen and sent to work, written, and the folder they are in trusted. */

import * as vscode from "vscode";
import { plainIcon } from "./messages";
import type { AgentSummary, Mode } from "./protocol";
import type { Server } from "./server";

/** What a shipped agent is sent to do from the menu; the goal can be changed before it starts. */
const errands = {
  fix: "",
  explain: "Explain the code here.",
  reviewer: "Review the code here.",
  refactor: "Improve the shape of the code here without changing what it does.",
  documenter: "Document the code here.",
  "test-writer": "Write tests for the code here.",
} as const;

/** An agent that a menu entry names. */
export type Errand = keyof typeof errands;

/** Send a shipped agent to work on the file in front. */
export async function sendErrand(server: Server, agent: Errand): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== "file") {
    void vscode.window.showInformationMessage("Steward: open the file that the agent should work on.");
    return;
  }
  const goal = await askGoal(`Steward: ${agent}`, errands[agent] || suggestedGoal(editor));
  if (goal) {
    await run(server, agent, goal, undefined);
  }
}

/** Let the person choose an agent, its goal and how it goes about it. */
export async function runAgent(server: Server): Promise<void> {
  const listed = await server.execute<AgentSummary[]>("steward.agent.list");
  const agents = listed.filter(({ counts, problem }) => counts && problem === "");
  const items = agents.map((agent) => ({
    label: plainIcon(agent.name),
    description: `${agent.id} · ${agent.source}`,
    detail: plainIcon(`${agent.description} ${agent.may}`),
    agent,
  }));
  const options = { title: "Steward: run which agent?", matchOnDetail: true, ignoreFocusOut: true };
  const agent = (await vscode.window.showQuickPick(items, options))?.agent;
  if (agent) {
    await runNamed(server, agent);
  }
}

/** The same with this agent. */
export async function runNamed(server: Server, agent: AgentSummary): Promise<void> {
  const mode = await pickMode(agent);
  const goal = mode && (await askGoal(`Steward: ${agent.name}`, ""));
  if (goal) {
    await run(server, agent.id, goal, mode);
  }
}

/** Open a new agent's file in this folder, with what such a file begins with. */
export async function newAgent(server: Server): Promise<void> {
  const agent = await vscode.window.showInputBox({
    title: "Steward: new agent",
    prompt: "Its id: small letters, digits and hyphens. It becomes a file in .steward/agents.",
    ignoreFocusOut: true,
  });
  if (!agent?.trim()) {
    return;
  }
  const begun = await server.execute<{ uri: string; text: string }>("steward.agent.new", {
    agent: agent.trim(),
  });
  const uri = server.running().protocol2CodeConverter.asUri(begun.uri);
  const edit = new vscode.WorkspaceEdit();
  // One that is there already is opened as it is.
  edit.createFile(uri, { ignoreIfExists: true, contents: new TextEncoder().encode(begun.text) });
  await vscode.workspace.applyEdit(edit);
  await vscode.window.showTextDocument(uri, { preview: false });
}

/** Have the server ask whether this folder is trusted; its own question lists what that would enable. */
export async function trustFolder(server: Server): Promise<void> {
  const { trusted } = await server.execute<{ trusted: boolean }>("steward.workspace.trust");
  const told = trusted
    ? "you trust this folder. Its agents are listed, and commands in it are asked about and jailed."
    : "you do not trust this folder. Nothing in it configures or runs anything.";
  void vscode.window.showInformationMessage(`Steward: ${told}`);
}

const modes: Record<Mode, string> = {
  normal: "Commands and changes are asked about, one by one",
  step: "Whatever is more than reading is asked about before it is done",
  dry_run: "What it would change is recorded and shown; nothing is changed or run",
  analysis_only: "It reads and answers; nothing is changed or run",
};

const modeTitles: Record<Mode, string> = {
  normal: "Normal",
  step: "Step by step",
  dry_run: "Dry run",
  analysis_only: "Analysis only",
};

/** An agent that was written for another mode than the normal one offers that one first. */
async function pickMode(agent: AgentSummary): Promise<Mode | undefined> {
  const own = agent.mode || "normal";
  const wanted: Mode[] = ["normal", "step", "dry_run", "analysis_only"];
  const others = wanted.filter((mode) => mode !== own && (own === "normal" || mode !== "normal"));
  const items = [own, ...others].map((mode) => ({ label: modeTitles[mode], detail: modes[mode], mode }));
  const title = `Steward: how should ${agent.name} work?`;
  return (await vscode.window.showQuickPick(items, { title, ignoreFocusOut: true }))?.mode;
}

async function askGoal(title: string, value: string): Promise<string | undefined> {
  const goal = await vscode.window.showInputBox({
    title,
    prompt: "What should be different, or what do you want to know? A plan is shown before anything is done.",
    value,
    ignoreFocusOut: true,
  });
  return goal?.trim() || undefined;
}

async function run(server: Server, agent: string, goal: string, mode: Mode | undefined): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const converter = server.running().code2ProtocolConverter;
  const place =
    editor?.document.uri.scheme === "file" && vscode.workspace.getWorkspaceFolder(editor.document.uri)
      ? { uri: converter.asUri(editor.document.uri), range: converter.asRange(editor.selection) }
      : {};
  await server.execute("steward.agent.run", { agent, goal, ...(mode ? { mode } : {}), ...place });
}

function suggestedGoal(editor: vscode.TextEditor): string {
  return vscode.languages
    .getDiagnostics(editor.document.uri)
    .filter((diagnostic) => diagnostic.range.intersection(editor.selection))
    .map((diagnostic) => `Fix: ${diagnostic.message}`)
    .join("; ");
}
