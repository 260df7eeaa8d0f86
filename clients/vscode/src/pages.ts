/** Pages to read, each rendered in a tab of its own. */

import * as vscode from "vscode";
import { tabName, type VirtualDocuments } from "./documents";
import type { McpServer, Page } from "./protocol";
import type { Server } from "./server";

/** Where pages come from, and where they are kept. */
export interface Pages {
  server: Server;
  pages: VirtualDocuments;
}

/** Lines of a document, counted from nought. */
export interface Lines {
  uri: string;
  line: number;
  /** Where there is more than one. */
  lastLine?: number;
}

/** Show the page that a command of the server gives. */
export async function showPage(
  where: Pages,
  title: string,
  command: string,
  ...args: object[]
): Promise<void> {
  const { markdown } = await where.server.execute<Page>(command, ...args);
  await render(where, title, command, markdown);
}

/** Why the selected lines are there: which run, question and answer are behind them. */
export async function showWhy(where: Pages): Promise<void> {
  const editor = fileInFront("whose line you mean");
  if (editor) {
    const { start, end } = editor.selection;
    // A whole line ends where the next one begins.
    const last = end.line > start.line && end.character === 0 ? end.line - 1 : end.line;
    const uri = where.server.running().code2ProtocolConverter.asUri(editor.document.uri);
    await showWhyOf(where, { uri, line: start.line, lastLine: last });
  }
}

/** The same for lines that somebody else chose, as the light bulb does. */
export async function showWhyOf(where: Pages, lines: Lines): Promise<void> {
  const { uri, line, lastLine = line } = lines;
  const name = uri.slice(uri.lastIndexOf("/") + 1);
  const title = `Why ${decodeURIComponent(name)}:${line + 1}`;
  await showPage(where, title, "steward.why", { uri, line, lastLine });
}

/** What files tell agents who work on the file in front, or at the top where there is none. */
export async function showInstructions(where: Pages): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const isHere = document?.uri.scheme === "file" && vscode.workspace.getWorkspaceFolder(document.uri);
  const argument = isHere
    ? { uri: where.server.running().code2ProtocolConverter.asUri(document.uri) }
    : {};
  await showPage(where, "Instructions", "steward.instructions", argument);
}

/** The MCP servers of the settings, and which of their tools the person approved. */
export async function showMcpServers(where: Pages): Promise<void> {
  const servers = await where.server.execute<McpServer[]>("steward.mcp.list");
  const told = servers.length > 0 ? servers.map(described) : [NO_SERVERS];
  await render(where, "MCP servers", "steward.mcp.list", ["# MCP servers", ...told].join("\n\n"));
}

const NO_SERVERS =
  "There are none. They are named in your own `settings.toml`, under `[mcp.servers.NAME]`; a workspace names none.";

function described({ server, where, tools }: McpServer): string {
  const rows = tools.map(({ name, isCurrent }) =>
    isCurrent
      ? `- ${code(name)}`
      : `- ${code(name)}: not offered, the server is described otherwise since you approved it`,
  );
  const next = tools.every(({ isCurrent }) => isCurrent) && tools.length > 0 ? [] : [approval(server, tools.length)];
  return [`## ${code(server)}`, code(where), ...(rows.length > 0 ? [rows.join("\n")] : []), ...next].join("\n\n");
}

function approval(server: string, count: number): string {
  const why = count === 0 ? "You approved none of its tools. " : "";
  return `${why}${code(`steward mcp approve ${server}`)} at a shell shows what it says of its tools, and asks.`;
}

/** Text from elsewhere as code, where no mark in it means anything. */
function code(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const ticks = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(ticks + 1);
  return ticks > 0 ? `${fence} ${line} ${fence}` : `${fence}${line}${fence}`;
}

function fileInFront(which: string): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme === "file") {
    return editor;
  }
  void vscode.window.showInformationMessage(`Steward: open the file ${which}.`);
  return undefined;
}

async function render(where: Pages, title: string, key: string, markdown: string): Promise<void> {
  const uri = where.pages.put(where.pages.uri(`/${tabName(title)}.md`, key), markdown);
  await vscode.commands.executeCommand("markdown.showPreview", uri);
}
