/** A view in Steward's side bar: its rows are read when something changed, and only while they are seen. */

import * as vscode from "vscode";
import { itemOf, type Row } from "./row";

/** Changes that follow each other closely are read together. */
const togetherMs = 200;

/** One tree of rows. */
export class Tree implements vscode.TreeDataProvider<Row> {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<Row>;
  private rows: Row[] | undefined;
  private soon: NodeJS.Timeout | undefined;
  /** What is being read now; what changes meanwhile is read after it. */
  private reading: Promise<Row[]> | undefined;

  constructor(
    readonly id: string,
    private readonly load: () => Promise<Row[]>,
  ) {
    this.view = vscode.window.createTreeView(id, { treeDataProvider: this, showCollapseAll: true });
    // What happened meanwhile was not read.
    this.view.onDidChangeVisibility(({ visible }) => visible && this.refresh());
  }

  getTreeItem(row: Row): vscode.TreeItem {
    return itemOf(row);
  }

  /** What stands below a row, or at the top: as it was read, so that nothing flickers meanwhile. */
  async getChildren(row?: Row): Promise<Row[]> {
    return row ? (row.children ?? []) : (this.rows ??= await this.read());
  }

  /** Read it again, if it is seen; else when it is seen again. */
  refresh(): void {
    this.soon ??= setTimeout(() => void this.readAgain(), togetherMs);
  }

  /** Show these: somebody else has read them. */
  put(rows: Row[]): void {
    this.rows = rows;
    this.changed.fire();
  }

  /** Show a number on the view and on Steward's icon; none where it is nought. */
  count(value: number, tooltip: string): void {
    this.view.badge = value === 0 ? undefined : { value, tooltip };
  }

  /** A word below the view's title; none takes it away. */
  say(message: string): void {
    // VS Code takes a message away that is not there, and would show an empty one.
    (this.view as { message?: string | undefined }).message = message || undefined;
  }

  dispose(): void {
    clearTimeout(this.soon);
    this.view.dispose();
    this.changed.dispose();
  }

  private async readAgain(): Promise<void> {
    await this.reading;
    this.soon = undefined;
    if (this.view.visible) {
      this.rows = await this.read();
      this.changed.fire();
    }
  }

  /** Where nothing can be read the view's own text tells what to do. */
  private async read(): Promise<Row[]> {
    this.reading = this.load().catch(() => []);
    return this.reading;
  }
}
