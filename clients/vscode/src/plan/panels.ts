/** Plans beside the code: asked about in a page of their own, which then shows how far they come. */

import * as vscode from "vscode";
import { isEnded } from "../agreed";
import { tabName, type VirtualDocuments } from "../documents";
import { showFailure } from "../messages";
import { showPage } from "../pages";
import type { PlanDrafts } from "./drafts";
import type { AskedPlan, PlanAnswer, PlanDraft, PlanShown, PlanWish, RunSteps } from "./messages";
import type { Answer, AskParams, ChangeSummary, RunParams } from "../protocol";
import type { Question, Questions } from "../questions";
import type { Server } from "../server";
import { restoreBefore } from "../undo";
import { htmlOf, ownRoots } from "../webviews";

/** The events of a run come in bursts; its steps are asked for at most so often. */
const pauseMs = 250;
/** A step's figures are written down a moment after it was told of. */
const afterMs = 700;

const gone = "The server is not running. What was asked is asked again as soon as it is.";

/** What panels are made of. */
export interface PlanParts {
  extension: vscode.Uri;
  server: Server;
  questions: Questions;
  drafts: PlanDrafts;
  pages: VirtualDocuments;
}

/** Keeps a panel for each run whose plan was asked about, and one for each plan beyond it. */
export class PlanPanels {
  private readonly panels = new Map<string, PlanPanel>();

  constructor(private readonly parts: PlanParts) {}

  /** Show what is asked, without taking the focus. */
  show(question: Question, params: AskParams, asText: () => Promise<void>): void {
    const key = keyOf(params);
    const panel = this.panels.get(key) ?? new PlanPanel(params.runId, this.parts, () => this.panels.delete(key));
    this.panels.set(key, panel);
    panel.ask(question, params, asText);
  }

  /** The question is over, however that came: a plan of its own goes, a run's goes on to the run. */
  over(params: AskParams): void {
    const panel = this.panels.get(keyOf(params));
    if (panel?.isAbout(params.id)) {
      if (takesPlan(params)) {
        panel.follow();
      } else {
        panel.dispose();
      }
    }
  }

  /** Lead the person to the plan that they have changed, or want to change. */
  edit(params: AskParams): void {
    this.panels.get(keyOf(params))?.edit();
  }

  /** Whether the person has changed the plan and not sent it. */
  isChanged(params: AskParams): boolean {
    return this.panels.get(keyOf(params))?.isChanged ?? false;
  }

  /** A run does something else now. */
  runChanged({ runId }: RunParams): void {
    for (const panel of this.panels.values()) {
      if (panel.runId === runId) {
        panel.refreshSoon();
      }
    }
  }

  /** Something was undone, or done again; the page of an ended run says how much of it is. */
  undone(): void {
    for (const panel of this.panels.values()) {
      panel.refreshSoon();
    }
  }

  /** The server is gone; what it asked comes back with it. */
  gone(): void {
    for (const panel of this.panels.values()) {
      panel.note(gone);
    }
  }

  /** The server is back. */
  back(): void {
    for (const panel of this.panels.values()) {
      panel.noteBack();
    }
  }
}

/** A plan that may be sent back is the run's own; one that may not is beyond it. */
function keyOf(params: AskParams): string {
  return takesPlan(params) ? params.runId : params.id;
}

function takesPlan({ takes, plan }: AskParams): boolean {
  return takes.includes("edited_plan") && plan !== null;
}

/** One page, and what it shows. */
class PlanPanel {
  isChanged = false;
  private panel: vscode.WebviewPanel | undefined;
  private question: Question | undefined;
  private asText: () => Promise<void> = async () => undefined;
  private shown: PlanShown = { title: "", asked: null, run: null, changed: [], notice: "", edits: 0 };
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly runId: string,
    private readonly parts: PlanParts,
    private readonly closed: () => void,
  ) {}

  isAbout(questionId: string): boolean {
    return this.question?.id === questionId;
  }

  ask(question: Question, params: AskParams, asText: () => Promise<void>): void {
    if (this.question !== question) {
      this.isChanged = false;
    }
    this.question = question;
    this.asText = asText;
    this.update({ title: question.title, asked: askedOf(params), notice: "" });
    this.reveal(true);
  }

  edit(): void {
    this.reveal(false);
    this.update({ edits: this.shown.edits + 1 });
  }

  /** Show what the run does from here on. */
  follow(): void {
    this.question = undefined;
    this.isChanged = false;
    this.update({ asked: null });
    if (this.panel) {
      this.refreshSoon();
    } else {
      this.closed();
    }
  }

  note(notice: string): void {
    this.update({ notice });
  }

  noteBack(): void {
    if (this.shown.notice !== "") {
      this.update({ notice: "" });
      this.refreshSoon();
    }
  }

  dispose(): void {
    this.question = undefined;
    if (this.panel) {
      this.panel.dispose();
    } else {
      this.closed();
    }
  }

  refreshSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.refresh();
    }, pauseMs);
  }

  private async refresh(): Promise<void> {
    if (!this.panel || this.shown.asked) {
      return;
    }
    try {
      const run = await this.parts.server.execute<RunSteps>("steward.run.steps", { runId: this.runId });
      const isOver = this.shown.run?.state === run.state && isEnded(run.state);
      this.update({ run, changed: isEnded(run.state) ? await this.changedFiles() : [] });
      if (!isOver) {
        setTimeout(() => void this.refreshSoon(), isEnded(run.state) ? afterMs : 2 * afterMs);
      }
    } catch {
      // The server is on its way out or in; what is shown stays until it is back.
    }
  }

  private async changedFiles(): Promise<string[]> {
    const all = await this.parts.server.execute<ChangeSummary[]>("steward.changes");
    const own = all.filter(({ runId, kind, undone }) => runId === this.runId && kind === "change" && undone !== "yes");
    return [...new Set(own.flatMap(({ files }) => files.map(({ path }) => path)))];
  }

  private update(changes: Partial<PlanShown>): void {
    this.shown = { ...this.shown, ...changes };
    void this.panel?.webview.postMessage(this.shown);
  }

  private reveal(preserveFocus: boolean): void {
    if (this.panel) {
      this.panel.reveal(undefined, preserveFocus);
      return;
    }
    const { extension } = this.parts;
    const panel = vscode.window.createWebviewPanel(
      "steward.plan",
      tabName(this.shown.title),
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus },
      { enableScripts: true, localResourceRoots: ownRoots(extension) },
    );
    const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(extension, "media", `steward-${theme}.svg`);
    panel.iconPath = { light: icon("light"), dark: icon("dark") };
    panel.webview.onDidReceiveMessage((wish: PlanWish) => void this.grant(wish));
    // Another window may have undone it meanwhile.
    panel.onDidChangeViewState(() => panel.visible && this.refreshSoon());
    panel.onDidDispose(() => this.forget());
    panel.webview.html = htmlOf(panel.webview, extension, "plan", "Plan");
    this.panel = panel;
  }

  /** Closing decides nothing: an open question stays open, and opens another panel when shown. */
  private forget(): void {
    this.panel = undefined;
    this.isChanged = false;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.question) {
      this.closed();
    }
  }

  private async grant(wish: PlanWish): Promise<void> {
    try {
      await this.tryToGrant(wish);
    } catch (error) {
      showFailure(error);
    }
  }

  private async tryToGrant(wish: PlanWish): Promise<void> {
    const { server } = this.parts;
    const runId = this.runId;
    switch (wish.type) {
      case "ready":
        return this.update({});
      case "touched":
        this.isChanged = wish.isChanged;
        return;
      case "answer":
        return this.answer(wish.fingerprint, wish.answer);
      case "json":
        return this.asJson(wish.plan);
      case "text":
        return this.asText();
      case "step":
        return showPage(this.parts, `Step ${wish.step}`, "steward.run.show", { runId, step: wish.step });
      case "sent":
        return showPage(this.parts, `Sent in ${wish.step}`, "steward.run.sent", { runId, step: wish.step });
      case "run":
        return showPage(this.parts, `Run ${this.shown.run?.goal ?? runId}`, "steward.run.show", { runId });
      case "cancel":
        await server.execute("steward.run.cancel", { runId });
        return;
      case "undo":
        return restoreBefore(server, runId);
      case "open":
        return this.open(wish.path);
    }
  }

  private answer(fingerprint: string, { plan, ...said }: PlanAnswer): void {
    const { question } = this;
    const isThis = question?.fingerprint === fingerprint;
    const answer: Answer = plan ? { ...said, plan: { ...plan } } : said;
    if (!isThis || !this.parts.questions.answer(question, answer)) {
      void vscode.window.showInformationMessage("Steward: this question is no longer open.");
    }
  }

  private async asJson(plan: PlanDraft): Promise<void> {
    if (this.question) {
      await this.parts.drafts.open(this.question, { ...plan });
    }
  }

  /** Only what the run is known to have changed, and only in this workspace. */
  private async open(path: string): Promise<void> {
    const folder = vscode.workspace.workspaceFolders?.[0];
    if (folder && this.shown.changed.includes(path)) {
      await vscode.window.showTextDocument(vscode.Uri.joinPath(folder.uri, path), { preview: false });
    }
  }
}

function askedOf(params: AskParams): AskedPlan | null {
  const { view, digest, takes, choices } = params;
  const wording = (id: string, otherwise: string): string =>
    choices.find((choice) => choice.id === id)?.title ?? otherwise;
  return view
    ? {
        fingerprint: digest,
        view,
        plan: takesPlan(params) ? (params.plan as unknown as PlanDraft) : null,
        approve: wording("approve", "Yes"),
        reject: wording("reject", "No"),
        takesReason: takes.includes("reason"),
        takesStepByStep: takes.includes("step_by_step"),
      }
    : null;
}
