/** A row of a tree: what is shown of a thing, in text that can do nothing. */

import * as vscode from "vscode";
import type { ExtensionSummary } from "../extensions/protocol";
import { revealed } from "../hidden";
import { line } from "../messages";
import type { AgentSummary, AskParams, GrantSummary, RunSummary } from "../protocol";

/** What the actions of a row work with; a row that only tells has none of them. */
export interface About {
  question?: AskParams;
  run?: RunSummary;
  /** Granted for the rest of a run, or refused in it. */
  grant?: GrantSummary;
  agent?: AgentSummary;
  extension?: ExtensionSummary;
  /** A part of an extension, which is named by its own id. */
  ofExtension?: { id: string; command?: string; panel?: string; capability?: string };
  /** A file of the workspace, relative to its folder. */
  path?: string;
}

/** One row, and what stands below it. */
export interface Row extends About {
  /** Stays the same while the row stands for the same thing: what is open stays open. */
  id: string;
  label: string;
  /** The label is word for word what is asked about, spaces and all; the caller saw to the rest. */
  isExact?: boolean;
  description?: string;
  /** A name of VS Code's own pictures; they differ by shape. */
  icon?: string;
  /** A colour of the theme for the picture, where one helps; it says nothing that the text does not. */
  color?: string;
  /** What is shown whole when the pointer rests: paragraphs, and code as it is. */
  tip?: Tip[];
  /** Which actions it has; `when` clauses look for these words. */
  can?: string[];
  command?: { id: string; title: string };
  children?: Row[];
  isOpen?: boolean;
}

/** A paragraph, or code. */
export type Tip = string | { code: string };

/** The row as VS Code draws it. */
export function itemOf(row: Row): vscode.TreeItem {
  const item = new vscode.TreeItem(row.isExact ? revealed(row.label) : line(row.label), stateOf(row));
  item.id = row.id;
  item.contextValue = ["row", ...(row.can ?? [])].join(" ");
  if (row.description !== undefined) {
    item.description = line(row.description);
  }
  if (row.icon !== undefined) {
    const color = row.color === undefined ? undefined : new vscode.ThemeColor(row.color);
    item.iconPath = new vscode.ThemeIcon(row.icon, color);
  }
  item.tooltip = tipOf(row.tip ?? [[row.label, row.description].filter(Boolean).join(": ")]);
  item.accessibilityInformation = { label: [item.label, item.description].filter(Boolean).join(", ") };
  if (row.command) {
    item.command = { command: row.command.id, title: row.command.title, arguments: [row] };
  }
  return item;
}

/** Markdown in which nothing of the text means anything. */
export function tipOf(parts: Tip[]): vscode.MarkdownString {
  const tip = new vscode.MarkdownString();
  for (const part of parts) {
    if (typeof part === "string") {
      tip.appendText(revealed(part));
      tip.appendMarkdown("\n\n");
    } else {
      tip.appendCodeblock(revealed(part.code), "text");
    }
  }
  return tip;
}

function stateOf({ children, isOpen }: Row): vscode.TreeItemCollapsibleState {
  if (children === undefined || children.length === 0) {
    return vscode.TreeItemCollapsibleState.None;
  }
  return isOpen ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
}
