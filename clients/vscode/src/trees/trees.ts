/** The trees of Steward's side bar, and when each is read again. */

import * as vscode from "vscode";
import { firstFolder } from "../folder";
import type { Extensions } from "../extensions/extensions";
import { extensionRows } from "../extensions/rows";
import { line } from "../messages";
import type { AskParams, StatusParams } from "../protocol";
import type { Questions } from "../questions";
import type { Server } from "../server";
import type { StatusBar } from "../status";
import { agents } from "./agents";
import { approvals } from "./approvals";
import { means } from "./means";
import { runs } from "./runs";
import { Tree } from "./tree";

/** What the trees are read from. */
export interface Sources {
  server: Server;
  questions: Questions;
  status: StatusBar;
  extensions: Extensions;
}

/** The five trees. Whoever hears of a change says so here; nothing is asked for by the clock. */
export class Trees {
  /** Questions of other windows that are shown here too, by their ids. */
  readonly borrowed = new Set<string>();
  private readonly approvals: Tree;
  private readonly runs: Tree;
  private readonly agents: Tree;
  private readonly means: Tree;
  private readonly extensions: Tree;
  private readonly watched: vscode.Disposable[];

  constructor(private readonly sources: Sources) {
    const { server, questions, status, extensions } = sources;
    this.approvals = new Tree("steward.approvals", async () => {
      const open = await server.execute<AskParams[]>("steward.questions");
      this.giveBack(open);
      return approvals(open, status.latest);
    });
    this.runs = new Tree("steward.runs", () => runs(server));
    this.agents = new Tree("steward.agents", () => agents(server, firstFolder() !== undefined));
    this.means = new Tree("steward.models", () => means(server, status.latest));
    this.extensions = new Tree("steward.extensions", async () => extensionRows(await extensions.read()));
    this.watched = [
      questions.onDidChange(() => this.answered()),
      extensions.onDidChange(() => this.extensions.put(extensionRows(extensions.all))),
      ...this.definitions(),
    ];
  }

  /** The server said how things stand: questions, runs, money or ghost text are others than before. */
  statusChanged(status: StatusParams | undefined): void {
    this.questionsChanged();
    this.lookAtBorrowed();
    this.runs.refresh();
    this.means.refresh();
    this.means.say(status?.ai === "off" ? line(`AI is off. ${status.reason ?? ""}`) : "");
  }

  /** A run took a step. */
  runChanged(): void {
    this.runs.refresh();
  }

  /** Read everything again: something was answered, taken back or trusted here. */
  refresh(): void {
    for (const tree of [this.approvals, this.runs, this.agents, this.means, this.extensions]) {
      tree.refresh();
    }
  }

  dispose(): void {
    for (const each of [...this.watched, this.approvals, this.runs, this.agents, this.means, this.extensions]) {
      each.dispose();
    }
  }

  /** Take away what another window asked and this one showed, once it is not open any more. */
  private giveBack(open: AskParams[]): void {
    for (const id of [...this.borrowed]) {
      if (!open.some((question) => question.id === id)) {
        this.borrowed.delete(id);
        this.sources.questions.close(id);
      }
    }
  }

  /** Also while the tree is not seen, and so not read. */
  private lookAtBorrowed(): void {
    if (this.borrowed.size > 0) {
      this.sources.server
        .execute<AskParams[]>("steward.questions")
        .then((open) => this.giveBack(open))
        // Without a server they were taken away already.
        .catch(() => undefined);
    }
  }

  private questionsChanged(): void {
    const count = this.sources.status.questionCount;
    this.approvals.count(count, count === 1 ? "1 question waits for you" : `${count} questions wait for you`);
    this.approvals.refresh();
  }

  /** What was answered may be trust, or a grant that stands below its run. */
  private answered(): void {
    this.questionsChanged();
    this.runs.refresh();
    this.agents.refresh();
  }

  /** The folder's own agents and instructions, wherever they are written. */
  private definitions(): vscode.Disposable[] {
    const folder = firstFolder();
    if (folder === undefined) {
      return [];
    }
    const pattern = new vscode.RelativePattern(folder, "{.steward/agents/*.md,**/{AGENTS,CLAUDE,GEMINI}.md}");
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const again = (): void => this.agents.refresh();
    return [watcher, watcher.onDidCreate(again), watcher.onDidChange(again), watcher.onDidDelete(again)];
  }
}
