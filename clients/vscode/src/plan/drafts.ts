/** Plans that a person changes: JSON in an editor, sent back as another plan to be asked about. */

import * as vscode from "vscode";
import { closeTabs, tabName } from "../documents";
import type { Plan } from "../protocol";
import type { Question, Questions } from "../questions";

interface Draft {
  question: Question;
  bytes: Uint8Array;
  changedAt: number;
}

/** The end of a draft's name; the JSON support knows the schema of a plan by it. */
const suffix = ".steward-plan.json";

/**
 * Holds the drafts of one window in memory. Sending one is a no to the plan that was shown, together
 * with the plan as it should be, about which the server asks again: it is never a yes.
 */
export class PlanDrafts implements vscode.FileSystemProvider {
  readonly scheme = "steward-plan";
  private readonly drafts = new Map<string, Draft>();
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.changed.event;
  /** Drafts that are saved by hand, which sends them. */
  private readonly byHand = new Set<string>();

  constructor(private readonly questions: Questions) {}

  /** Make the scheme known to the editor; a draft that is saved by hand is sent. */
  register(): vscode.Disposable {
    const isOurs = (document: vscode.TextDocument): boolean => document.uri.scheme === this.scheme;
    return vscode.Disposable.from(
      vscode.workspace.registerFileSystemProvider(this.scheme, this, { isCaseSensitive: true }),
      vscode.languages.registerCodeLensProvider({ scheme: this.scheme }, sendLenses),
      vscode.workspace.onWillSaveTextDocument(({ document, reason }) => {
        // Saving by itself, after a pause for instance, must not send what is half written.
        if (isOurs(document) && reason === vscode.TextDocumentSaveReason.Manual) {
          this.byHand.add(document.uri.path);
        }
      }),
      vscode.workspace.onDidSaveTextDocument((document) => {
        if (isOurs(document) && this.byHand.delete(document.uri.path)) {
          void this.send(document.uri);
        }
      }),
      this.questions.onDidChange(() => void this.forgetClosed()),
    );
  }

  /** Open a plan for changing, as it was left if it was opened before. */
  async open(question: Question, plan: Plan | null): Promise<void> {
    const path = `/${question.id}/${tabName(question.title)}${suffix}`;
    const uri = vscode.Uri.from({ scheme: this.scheme, path });
    if (!this.drafts.has(uri.path)) {
      const text = `${JSON.stringify(plan, null, 2)}\n`;
      this.drafts.set(uri.path, { question, bytes: new TextEncoder().encode(text), changedAt: 1 });
    }
    await vscode.window.showTextDocument(uri, { preview: false });
  }

  /** Send a draft to the server, which asks about it. */
  async send(uri: vscode.Uri | undefined): Promise<void> {
    const draft = uri && this.drafts.get(uri.path);
    if (!uri || !draft) {
      throw new Error("open the plan that you want to send; “Edit…” in the question about it does so.");
    }
    const document = await vscode.workspace.openTextDocument(uri);
    const plan = parsed(document.getText());
    if (document.isDirty) {
      await document.save();
      if (!this.drafts.has(uri.path)) {
        return; // Saving has sent it.
      }
    }
    this.byHand.delete(uri.path);
    if (!this.questions.answer(draft.question, { choice: "reject", plan })) {
      throw new Error("this plan is not asked about any more, so yours was not sent.");
    }
    await this.forgetClosed();
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    const { bytes, changedAt } = this.find(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime: changedAt, size: bytes.length };
  }

  readFile(uri: vscode.Uri): Uint8Array {
    return this.find(uri).bytes;
  }

  writeFile(uri: vscode.Uri, bytes: Uint8Array): void {
    const draft = this.find(uri);
    draft.bytes = bytes;
    draft.changedAt += 1;
    this.changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  private find(uri: vscode.Uri): Draft {
    const draft = this.drafts.get(uri.path);
    if (!draft) {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
    return draft;
  }

  /** Close the drafts whose question is over. One with unsaved work stays for its person to copy. */
  private async forgetClosed(): Promise<void> {
    const isOver = (path: string): boolean => {
      const question = this.drafts.get(path)?.question;
      return question !== undefined && this.questions.get(question.id) !== question;
    };
    const over = [...this.drafts.keys()].filter(isOver);
    const kept = new Set(
      vscode.workspace.textDocuments
        .filter(({ uri, isDirty }) => uri.scheme === this.scheme && isDirty)
        .map(({ uri }) => uri.path),
    );
    for (const path of over.filter((one) => !kept.has(one))) {
      await closeTabs(
        ({ input }) =>
          input instanceof vscode.TabInputText &&
          input.uri.scheme === this.scheme &&
          input.uri.path === path,
      );
      this.drafts.delete(path);
    }
  }
}

const sendLenses: vscode.CodeLensProvider = {
  provideCodeLenses(document) {
    const command = "steward.client.sendPlan";
    const title = "Send this plan: you are asked again, about exactly this";
    return [new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), { title, command, arguments: [document.uri] })];
  },
};

function parsed(text: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`this is not JSON yet (${String(error)}), so it was not sent.`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error("a plan is an object with a summary and steps; this is none, so it was not sent.");
  }
  return value as Plan;
}
