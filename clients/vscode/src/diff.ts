/** A proposal's diff: all its files in one tab, before on the left and after on the right. */

import * as vscode from "vscode";
import { closeTabs, type VirtualDocuments } from "./documents";
import type { FilePreview, Preview } from "./preview";

/** So long a diff stays whose question was closed: a merge with what was typed takes its place. */
const lingerMs = 1_500;

/** A merge of a proposal with what was typed meanwhile bears its id, and a number behind it. */
const mergeNumber = /~\d{1,4}$/;

/** Whether a proposal takes the place of one whose files were changed meanwhile. */
export function isMerge(proposal: string): boolean {
  return mergeNumber.test(proposal);
}

/** The id of the first of all the proposals that took each other's place. */
export function firstOf(proposal: string): string {
  return proposal.replace(mergeNumber, "");
}

/** A file of a diff, and the documents that show it. */
export interface Side {
  /** Relative to the workspace, as the server names it. */
  path: string;
  kind: FilePreview["kind"];
  /** Absent where there was no file; `right` where there will be none. */
  left?: vscode.Uri;
  right?: vscode.Uri;
}

/** The diffs that are open. What takes a proposal's place is shown in its tab, where that is possible. */
export class Diffs {
  private readonly newest = new Map<string, Diff>();
  private readonly lingering = new Map<string, { diff: Diff; timer: NodeJS.Timeout }>();

  constructor(private readonly documents: VirtualDocuments) {}

  /** The diff of a proposal; nothing is opened yet. */
  async begin(label: string, proposal: string, preview: Preview): Promise<Diff> {
    const key = firstOf(proposal);
    const fresh = new Diff(label, key, preview, this.documents);
    this.newest.set(key, fresh);
    const before = this.lingering.get(key);
    if (!before) {
      return fresh;
    }
    clearTimeout(before.timer);
    this.lingering.delete(key);
    if (before.diff.outline === fresh.outline) {
      fresh.follow(before.diff);
    } else {
      await before.diff.hide();
    }
    return fresh;
  }

  /** Take a diff away: at once where the person has answered, else in a moment. */
  async end(diff: Diff, isAnswered: boolean): Promise<void> {
    if (this.newest.get(diff.key) !== diff) {
      return; // What took its place shows itself under the same names.
    }
    this.newest.delete(diff.key);
    if (isAnswered) {
      await diff.hide();
      return;
    }
    const timer = setTimeout(() => {
      this.lingering.delete(diff.key);
      void diff.hide();
    }, lingerMs);
    this.lingering.set(diff.key, { diff, timer });
  }
}

/** Shows a preview. Both sides are copies: a glance at a diff must not be able to edit anything. */
export class Diff {
  /** The files in the order in which they are shown. */
  readonly sides: readonly Side[];
  /** What it shows, but for the texts: two that agree in it fit into one tab. */
  readonly outline: string;
  private shown = false;

  constructor(
    private label: string,
    readonly key: string,
    private readonly preview: Preview,
    private readonly documents: VirtualDocuments,
  ) {
    this.sides = inReadingOrder(preview.files).map((file) => this.side(file));
    this.outline = JSON.stringify(this.sides.map(({ kind, left, right }) => [kind, `${left}`, `${right}`]));
  }

  /** Whether exactly this was before the person's eyes. */
  get isSeen(): boolean {
    return this.shown;
  }

  /** Show this in the tab of an earlier diff, wherever that is; no tab comes to the front. */
  follow(before: Diff): void {
    this.label = before.label;
    const tabs = before.tabs();
    if (tabs.length > 0) {
      this.put();
      this.shown = tabs.some(({ isActive }) => isActive);
    }
  }

  /** Bring the diff into view. */
  async show(): Promise<void> {
    await vscode.commands.executeCommand("vscode.changes", this.label, this.put());
    this.shown = true;
  }

  /** Close the tab and forget the copies. */
  async hide(): Promise<void> {
    await closeTabs((tab) => this.isOurs(tab));
    for (const uri of this.sides.flatMap(({ left, right }) => [left, right])) {
      if (uri) {
        await this.documents.remove(uri);
      }
    }
  }

  /** Both sides of each file, as the editor takes them. */
  private put(): (vscode.Uri | undefined)[][] {
    return inReadingOrder(this.preview.files).map((file) => {
      const { left, right } = this.side(file);
      return [
        file.uri,
        left && this.documents.put(left, file.before ?? ""),
        right && this.documents.put(right, file.after ?? ""),
      ];
    });
  }

  private tabs(): vscode.Tab[] {
    return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter((tab) => this.isOurs(tab));
  }

  /** The editor itself adds the number of files to the label. */
  private isOurs(tab: vscode.Tab): boolean {
    return tab.label.startsWith(this.label) && !(tab.input instanceof vscode.TabInputText);
  }

  /** Where the two sides are; of a renamed file they bear its two names. */
  private side(file: FilePreview): Side {
    const from = file.kind === "rename" ? file.from : file.uri;
    const left = this.documents.uri(from.path, `${this.key}:before`);
    const right = this.documents.uri(file.uri.path, `${this.key}:after`);
    return {
      path: vscode.workspace.asRelativePath(file.uri, false),
      kind: file.kind,
      ...(file.before === undefined ? {} : { left }),
      ...(file.after === undefined ? {} : { right }),
    };
  }
}

/** Renamed files last: an editor shows their whole text, even where none of it changes. */
function inReadingOrder(files: FilePreview[]): FilePreview[] {
  const order = ["edit", "create", "delete", "rename"];
  return files.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}
