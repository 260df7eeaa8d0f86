/** Ghost text: its switches, and why there is none. VS Code itself shows it and takes it. */

import * as vscode from "vscode";
import { plain, plainIcon } from "./messages";
import type { GhostTextScope, GhostTextStanding } from "./protocol";
import type { Server } from "./server";

const OWN_SETTING = "editor.inlineSuggest.enabled";

/** Let the person switch it: everywhere, for the language in front, or in this workspace. */
export async function switchGhostText(server: Server): Promise<void> {
  const uri = uriInFront(server);
  const standing = await server.execute<GhostTextStanding>("steward.completion.why", { uri });
  const items = (["all", "language", "workspace"] as const)
    .filter((scope) => standing.switches[scope] !== null)
    .map((scope) => itemOf(scope, standing));
  const picked = await vscode.window.showQuickPick(items, {
    title: "Steward: Ghost Text",
    placeHolder: standing.reason ?? "Choose what to switch; it holds in all your windows.",
  });
  if (picked) {
    const { scope, on } = picked;
    const now = await server.execute<GhostTextStanding>("steward.completion.switch", { scope, on, uri });
    vscode.window.setStatusBarMessage(plainIcon(told(scope, on, now)), TOLD_MS);
  }
}

const TOLD_MS = 8_000;

interface SwitchItem extends vscode.QuickPickItem {
  scope: GhostTextScope;
  /** What it becomes. */
  on: boolean;
}

function itemOf(scope: GhostTextScope, standing: GhostTextStanding): SwitchItem {
  const isOn = standing.switches[scope] === true;
  return {
    label: `$(${isOn ? "check" : "circle-slash"}) ${isOn ? "Switch Off" : "Switch On"} ${where(scope, standing)}`,
    description: isOn ? "now on" : "now off",
    scope,
    on: !isOn,
  };
}

function where(scope: GhostTextScope, { language }: GhostTextStanding): string {
  switch (scope) {
    case "all":
      return "Everywhere";
    case "language":
      return `for ${language}`;
    case "workspace":
      return "in This Workspace";
  }
}

/** What was switched on may still be off for another reason, which is then what counts. */
function told(scope: GhostTextScope, on: boolean, now: GhostTextStanding): string {
  const done = `Ghost text is ${on ? "on" : "off"} ${where(scope, now).toLowerCase()}.`;
  return on && now.state === "off" ? (now.reason ?? done) : done;
}

/** Say why there is no suggestion. Only this command says it in a message: nobody is interrupted. */
export async function explainGhostText(server: Server): Promise<void> {
  const own = ownReason();
  if (own !== undefined) {
    await offer(own.message, own.button, own.command);
    return;
  }
  const uri = uriInFront(server);
  const standing = await server.execute<GhostTextStanding>("steward.completion.why", { uri });
  const isOff = standing.state === "off";
  await offer(
    standing.reason ??
      "Nothing keeps suggestions away here. Type on or pause at the end of a line, or ask with “Trigger Inline Suggestion”.",
    isOff ? "Switch On…" : undefined,
    () => vscode.commands.executeCommand("steward.client.switchGhostText"),
  );
}

interface OwnReason {
  message: string;
  button?: string;
  command: () => Thenable<unknown>;
}

/** What keeps it away before the server is asked at all. */
function ownReason(): OwnReason | undefined {
  const document = vscode.window.activeTextEditor?.document;
  if (document === undefined || vscode.workspace.getWorkspaceFolder(document.uri) === undefined) {
    const message = "Ghost text comes in the files of the open folders, and no such file is in front.";
    return { message, command: nothing };
  }
  if (!vscode.workspace.getConfiguration("editor.inlineSuggest", document).get("enabled", true)) {
    return {
      message: `VS Code shows no suggestions here: its own setting “${OWN_SETTING}” is off.`,
      button: "Open Settings",
      command: () => vscode.commands.executeCommand("workbench.action.openSettings", OWN_SETTING),
    };
  }
  return undefined;
}

async function offer(
  message: string,
  button: string | undefined,
  command: () => Thenable<unknown>,
): Promise<void> {
  const text = plain(`Steward: ${message}`);
  const buttons = button === undefined ? [] : [button];
  if ((await vscode.window.showInformationMessage(text, ...buttons)) !== undefined) {
    await command();
  }
}

async function nothing(): Promise<void> {
  return;
}

function uriInFront(server: Server): string {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri === undefined ? "" : server.running().code2ProtocolConverter.asUri(uri);
}
