/** What a person does with extensions: installed, switched, allowed, looked at, removed. */

import * as vscode from "vscode";
import { tabName, type VirtualDocuments } from "../documents";
import { revealed } from "../hidden";
import { line, plain } from "../messages";
import type { Row } from "../trees/row";
import type { Extensions } from "./extensions";
import type { Panels } from "./panels";
import type { ExtensionSummary } from "./protocol";
import { pickCommand, pickMenu, runCommand } from "./run";

/** What the actions work with. */
export interface ExtensionParts {
  extensions: Extensions;
  panels: Panels;
  pages: VirtualDocuments;
}

type Action = (row?: Row) => Promise<void>;
type Wanted = (extension: ExtensionSummary) => boolean;

/** The client's commands about extensions, by their names below `steward.client`. */
export function extensionCommands(parts: ExtensionParts): Record<string, Action> {
  const { extensions, panels } = parts;
  const on = (what: string, wanted: Wanted, act: (extension: ExtensionSummary) => Promise<void>): Action =>
    onExtension(extensions, what, wanted, act);
  const enable = on("enable", ({ state }) => state !== "enabled", ({ id }) => send(extensions, "enable", id));
  const disable = on("disable", ({ state }) => state !== "disabled", ({ id }) => send(extensions, "disable", id));
  const update = on("update", isOthers, (extension) => updated(extensions, extension));
  const removal = on("remove", isOthers, (extension) => remove(extensions, extension));
  const log = on("show the log of", () => true, (extension) => showLog(parts, extension));
  return {
    extensionCommand: () => pickCommand(extensions),
    extensionMenu: () => pickMenu(extensions),
    installExtension: () => install(extensions),
    enableExtension: enable,
    enableThisExtension: enable,
    enableAgain: enable,
    disableExtension: disable,
    disableThisExtension: disable,
    updateExtension: update,
    updateThisExtension: update,
    removeExtension: removal,
    removeThisExtension: removal,
    extensionLog: log,
    showExtensionLog: log,
    runExtensionCommand: onPart("command", (extension, command) => runCommand(extensions, { extension, command })),
    showExtensionPanel: onPart("panel", (extension, panel) => panels.open(extension, panel)),
    allowCapability: onPart("capability", (extension, capability) => send(extensions, "grant", extension, { capability })),
    revokeCapability: onPart("capability", (extension, capability) => send(extensions, "revoke", extension, { capability })),
  };
}

function isOthers({ isShipped }: ExtensionSummary): boolean {
  return !isShipped;
}

/** An action on the row's extension; from the palette, on one that is picked. */
function onExtension(
  extensions: Extensions,
  what: string,
  wanted: Wanted,
  act: (extension: ExtensionSummary) => Promise<void>,
): Action {
  return async (row) => {
    const extension = row?.extension ?? (await pick(extensions, what, wanted));
    if (extension) {
      await act(extension);
    }
  };
}

/** An action on a part of an extension, which only a row names. */
function onPart(
  kind: "command" | "panel" | "capability",
  act: (extension: string, part: string) => Promise<void>,
): Action {
  return async (row) => {
    const part = row?.ofExtension?.[kind];
    if (row?.ofExtension && part !== undefined) {
      await act(row.ofExtension.id, part);
    }
  };
}

async function pick(extensions: Extensions, what: string, wanted: Wanted): Promise<ExtensionSummary | undefined> {
  const found = (await extensions.read()).filter(wanted);
  if (found.length === 0) {
    void vscode.window.showInformationMessage(`Steward: there is no extension to ${what.split(" ")[0] ?? what}.`);
    return undefined;
  }
  const items = found.map((extension) => ({
    label: line(extension.name),
    description: line(`${extension.version} · ${extension.publisher}`),
    detail: line(extension.description),
    extension,
  }));
  return (await vscode.window.showQuickPick(items, { title: `Steward: ${what} which extension?` }))?.extension;
}

/** Tell the server what the person wants; what has to be asked first, it asks. */
async function send<T>(extensions: Extensions, verb: string, extension: string, more: object = {}): Promise<T> {
  try {
    return await extensions.server.execute<T>(`steward.extension.${verb}`, { extension, ...more });
  } finally {
    extensions.refresh();
  }
}

/** Get a newer release from its registry, if there is one. */
async function updated(extensions: Extensions, { id, name, version: before }: ExtensionSummary): Promise<void> {
  const { version } = await send<{ version: string }>(extensions, "update", id);
  const told = version === before ? `is the newest that its registry has: ${version}` : `is ${version} now`;
  void vscode.window.showInformationMessage(plain(`Steward: ${name} ${told}.`));
}

async function install(extensions: Extensions): Promise<void> {
  const source = await pickSource();
  if (source === undefined) {
    return;
  }
  const name = source.slice(Math.max(source.lastIndexOf("/"), source.lastIndexOf("\\")) + 1);
  const title = plain(`Steward: installing ${name}`);
  try {
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
      extensions.server.execute("steward.extension.install", { source }),
    );
  } finally {
    extensions.refresh();
  }
}

/** A package of this machine, or the name of one that a registry has. */
async function pickSource(): Promise<string | undefined> {
  const file = { label: "$(file-zip) A package…", detail: "A file on this machine" };
  const named = { label: "$(cloud-download) From a registry…", detail: "By its name, from the registries that you added" };
  const picked = await vscode.window.showQuickPick([file, named], { title: "Steward: install an extension from where?" });
  if (picked === file) {
    const filters = { "Extensions of Steward": ["stewardext"] };
    const options = { title: "Install an extension of Steward", openLabel: "Install…", canSelectMany: false, filters };
    return (await vscode.window.showOpenDialog(options))?.[0]?.fsPath;
  }
  if (picked === named) {
    const typed = await vscode.window.showInputBox({
      title: "Steward: install which extension?",
      prompt: "Its id, as in publisher.name or publisher.name@1.0.0. You see what it may do before anything is installed.",
      ignoreFocusOut: true,
    });
    return typed?.trim() || undefined;
  }
  return undefined;
}

async function remove(extensions: Extensions, extension: ExtensionSummary): Promise<void> {
  const picked = await vscode.window.showWarningMessage(
    plain(`Remove ${extension.name} ${extension.version}?`),
    { modal: true, detail: "Its commands go, and so does what you allowed it." },
    "Remove",
  );
  if (picked === "Remove") {
    await send(extensions, "remove", extension.id);
  }
}

/** What it wrote to its own log, and what went wrong, as text. */
async function showLog({ extensions, pages }: ExtensionParts, { id, name }: ExtensionSummary): Promise<void> {
  const { text } = await extensions.server.execute<{ text: string }>("steward.extension.log", { extension: id });
  const told = text.trim() === "" ? "It has written nothing yet.\n" : revealed(text);
  const uri = pages.put(pages.uri(`/Log of ${tabName(name)}.log`, `extension ${id}`), told);
  await vscode.window.showTextDocument(uri, { preview: true });
}
