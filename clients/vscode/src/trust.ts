/** Whether the folder is trusted: told once for each new folder that brings something along, and looked at on wish. */

import * as vscode from "vscode";
import { trustFolder } from "./agents";
import { firstFolder } from "./folder";
import { plain } from "./messages";
import { type Pages, showPage } from "./pages";
import type { Enables } from "./protocol";
import type { Server } from "./server";

const command = "steward.workspace.enables";
/** More names than these make no message that somebody reads. */
const namesMax = 4;

/** Say once, quietly, what this folder brings along; what it says does not count meanwhile. */
export async function offerTrust(server: Server, remembered: vscode.Memento): Promise<void> {
  const folder = firstFolder();
  const key = `trust was offered: ${folder?.uri.toString()}`;
  if (folder === undefined || remembered.get(key) === true) {
    return;
  }
  const enables = await server.execute<Enables>(command);
  if (enables.trusted !== null || enables.agents.length + enables.files.length === 0) {
    return;
  }
  // Before it is shown: a window that opens beside this one says nothing more.
  await remembered.update(key, true);
  const text = `${broughtBy(enables)} None of it counts unless you trust the folder.`;
  const look = "See What Trust Enables…";
  const no = "Don't Trust";
  const picked = await vscode.window.showInformationMessage(plain(`Steward: ${text}`), look, no);
  if (picked === look) {
    await trustFolder(server);
  } else if (picked === no) {
    await refuseTrust(server);
  }
}

/** Remember a no; nobody is asked. */
export async function refuseTrust(server: Server): Promise<void> {
  await server.execute("steward.workspace.trust", { refuse: true });
  void vscode.window.showInformationMessage(
    "Steward: you do not trust this folder. Nothing in it configures or runs anything. You are not asked again; " +
      "“Steward: Trust This Folder…” changes it.",
  );
}

/** What a yes would enable, to be read; nobody is asked. */
export async function showEnables(pages: Pages): Promise<void> {
  await showPage(pages, "What trust enables", command);
}

function broughtBy({ agents, files }: Enables): string {
  const brought = [
    ...(agents.length === 0 ? [] : [counted("agent", agents.map(({ id }) => id))]),
    ...(files.length === 0 ? [] : [counted("file of instructions", files)]),
  ];
  return `this folder brings along ${brought.join(" and ")}.`;
}

function counted(what: string, names: string[]): string {
  const listed = names.slice(0, namesMax).join(", ");
  const more = names.length > namesMax ? ", …" : "";
  const [first = "", ...rest] = what.split(" ");
  const words = names.length === 1 ? what : [`${first}s`, ...rest].join(" ");
  return `${names.length} ${words} (${listed}${more})`;
}
