/** What a person points at for the chat: files, symbols, what is selected, problems, the terminal. */

import * as path from "node:path";
import * as vscode from "vscode";
import { plainIcon } from "../messages";
import type { Attachment, Pointing } from "./protocol";
import type { Terminals } from "./terminals";

/** What was pointed at: something that the server reads, or a text that goes along. */
export type Pointed = { mention: string } | { attachment: Attachment };

/** How many files are offered; typing narrows what is shown. */
const FILES_MAX = 5000;
const SYMBOLS_MAX = 200;
const PROBLEMS_MAX = 50;
/** The longest text that goes along; the rest is cut, and its title says so. */
const TEXT_CHARS_MAX = 20_000;
/** The server takes no longer title: a command may be a whole script. */
const TITLE_CHARS_MAX = 200;

/** Let the person choose what they point at. */
export async function pickWhat(): Promise<Pointing | undefined> {
  const items: (vscode.QuickPickItem & { what: Pointing })[] = [
    { label: "File…", description: "or type @", what: "file" },
    { label: "Symbol…", description: "or type #", what: "symbol" },
    { label: "Selection", description: "the selected lines of the file in front", what: "selection" },
    { label: "Problems", description: "what the editor reports on the file in front", what: "diagnostics" },
    { label: "Terminal output…", description: "what is selected there, or what the last command wrote", what: "terminal" },
    { label: "Cursor", description: "where it is", what: "place" },
  ];
  return (await vscode.window.showQuickPick(items, { title: "Steward: add what to the question?" }))?.what;
}

/** Let the person choose a file of the open folders; what the settings hide is not offered. */
export async function pickFile(): Promise<Pointed | undefined> {
  const found = await vscode.workspace.findFiles("**/*", excluded(), FILES_MAX);
  const open = openFiles();
  const rest = found.map(relative).filter((name) => !open.includes(name)).sort();
  const items = [...open, ...rest].map((name) => ({
    label: plainIcon(path.posix.basename(name)),
    description: plainIcon(path.posix.dirname(name) === "." ? "" : path.posix.dirname(name)),
    mention: name,
  }));
  const options = { title: "Steward: mention which file?", matchOnDescription: true };
  return vscode.window.showQuickPick(items, options);
}

/** Let the person choose a symbol that the editor knows, or name one. */
export async function pickSymbol(): Promise<Pointed | undefined> {
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { mention: string }>();
  pick.title = "Steward: mention which symbol?";
  pick.placeholder = "The name of a function, class or method";
  let asked = 0;
  const search = async (text: string): Promise<void> => {
    asked += 1;
    const mine = asked;
    const own = text.trim() ? [{ label: plainIcon(text.trim()), description: "as it is written", mention: `#${text.trim()}` }] : [];
    pick.items = own;
    const found = text.trim() ? await symbols(text.trim()) : [];
    if (mine === asked) {
      pick.items = [...found.slice(0, SYMBOLS_MAX).map(item), ...own];
    }
  };
  pick.onDidChangeValue((text) => void search(text));
  return new Promise((settle) => {
    pick.onDidAccept(() => {
      settle(pick.selectedItems[0]);
      pick.hide();
    });
    pick.onDidHide(() => {
      settle(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

/** The selected lines of the file in front; the text itself where the server cannot read them. */
export function selection(): Pointed {
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.selection.isEmpty) {
    throw new Error("nothing is selected. Select the lines that you mean, and add them again.");
  }
  const { start, end } = editor.selection;
  // A whole line ends where the next one begins.
  const last = end.line > start.line && end.character === 0 ? end.line : end.line + 1;
  const lines = start.line + 1 === last ? `${last}` : `${start.line + 1}-${last}`;
  if (isOfWorkspace(editor.document.uri)) {
    return { mention: `${relative(editor.document.uri)}:${start.line + 1}-${last}` };
  }
  const name = path.posix.basename(editor.document.uri.path);
  return attachment("selection", `${name}:${lines}`, editor.document.getText(editor.selection));
}

/** What is wrong with the file in front, as the editor lists it. */
export function problems(): Pointed {
  const document = vscode.window.activeTextEditor?.document;
  const all = document ? vscode.languages.getDiagnostics(document.uri) : [];
  if (!document || all.length === 0) {
    throw new Error("the editor knows of no problem in the file in front.");
  }
  const name = isOfWorkspace(document.uri) ? relative(document.uri) : path.posix.basename(document.uri.path);
  const lines = all.slice(0, PROBLEMS_MAX).map((problem) => described(name, problem));
  const of = all.length > PROBLEMS_MAX ? `${PROBLEMS_MAX} of ${all.length}` : `${all.length}`;
  return attachment("diagnostics", `Problems of ${name} (${of})`, lines.join("\n"));
}

/** What is selected in the terminal or what its last command wrote, whichever the person means. */
export async function terminalOutput(terminals: Terminals): Promise<Pointed | undefined> {
  const last = terminals.last();
  const selected = "What is selected in the terminal";
  const items = last ? [plainIcon(`What this wrote: ${last.command}`), selected] : [selected];
  const title = "Steward: add which output?";
  const picked = last ? await vscode.window.showQuickPick(items, { title }) : selected;
  if (picked === undefined) {
    return undefined;
  }
  if (last && picked !== selected) {
    return attachment("terminal", `Terminal: ${last.command}`, last.output);
  }
  const text = await terminals.selected();
  if (!text) {
    throw new Error(
      "nothing is selected in the terminal. Select the output there and add it again, or paste it into your question.",
    );
  }
  return attachment("terminal", "Terminal: what was selected", text);
}

/** Where the cursor is, in a file of the open folders. */
export function placeInFront(): { uri: vscode.Uri; range: vscode.Selection; title: string } | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor || !isOfWorkspace(editor.document.uri)) {
    return undefined;
  }
  const { start, end } = editor.selection;
  const lines = start.line === end.line ? `${start.line + 1}` : `${start.line + 1}-${end.line + 1}`;
  return { uri: editor.document.uri, range: editor.selection, title: `${relative(editor.document.uri)}:${lines}` };
}

/** The file that a mention names, where there is one. */
export function fileOf(mention: string): { uri: vscode.Uri; line: number } | undefined {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (!folder || mention.startsWith("#")) {
    return undefined;
  }
  const [, name = mention, line = "1"] = /^(.*?)(?::(\d+)(?:-\d+)?)?$/.exec(mention) ?? [];
  return { uri: vscode.Uri.joinPath(folder.uri, name), line: Number(line) - 1 };
}

function attachment(kind: Attachment["kind"], title: string, text: string): Pointed {
  const isLong = text.length > TEXT_CHARS_MAX;
  // The end is what matters in what a program wrote; the beginning in everything else.
  const kept = kind === "terminal" ? text.slice(-TEXT_CHARS_MAX) : text.slice(0, TEXT_CHARS_MAX);
  return { attachment: { kind, title: titled(title, isLong ? ", shortened" : ""), text: whole(kept) } };
}

function titled(title: string, end: string): string {
  const line = title.replace(/\s+/g, " ").trim();
  const room = TITLE_CHARS_MAX - end.length;
  return `${line.length <= room ? line : `${whole(line.slice(0, room - 1))}…`}${end}`;
}

/** The text without the half of a character that cutting may have left at an end. */
function whole(text: string): string {
  return text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, "");
}

function described(name: string, { range, severity, message, source, code }: vscode.Diagnostic): string {
  const place = `${name}:${range.start.line + 1}:${range.start.character + 1}`;
  const number = typeof code === "object" ? code.value : code;
  const from = [source, number].filter((part) => part !== undefined && part !== "").join(" ");
  return `${place} ${vscode.DiagnosticSeverity[severity].toLowerCase()}: ${message}${from ? ` [${from}]` : ""}`;
}

function isOfWorkspace(uri: vscode.Uri): boolean {
  return uri.scheme === "file" && vscode.workspace.getWorkspaceFolder(uri) !== undefined;
}

function relative(uri: vscode.Uri): string {
  return vscode.workspace.asRelativePath(uri, false);
}

function openFiles(): string[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const uris = tabs.flatMap(({ input }) => (input instanceof vscode.TabInputText ? [input.uri] : []));
  return [...new Set(uris.filter(isOfWorkspace).map(relative))];
}

/** What the settings hide from the explorer and from searching. */
function excluded(): string {
  const settings = ["files", "search"].map((section) =>
    vscode.workspace.getConfiguration(section).get<Record<string, unknown>>("exclude", {}),
  );
  const globs = settings.flatMap((globs) => Object.keys(globs).filter((glob) => globs[glob] === true));
  return `{${["**/.git", ...new Set(globs)].join(",")}}`;
}

async function symbols(text: string): Promise<vscode.SymbolInformation[]> {
  const found = await vscode.commands.executeCommand<vscode.SymbolInformation[] | undefined>(
    "vscode.executeWorkspaceSymbolProvider",
    text,
  );
  return (found ?? []).filter(({ location }) => isOfWorkspace(location.uri));
}

function item(symbol: vscode.SymbolInformation): vscode.QuickPickItem & { mention: string } {
  return {
    label: plainIcon(symbol.name),
    description: plainIcon(`${relative(symbol.location.uri)}:${symbol.location.range.start.line + 1}`),
    mention: `#${symbol.name.replace(/\(.*$/, "")}`,
  };
}
