/** `steward/ask`: the whole text in a tab of its own, the choices wherever the person looks. */

import * as vscode from "vscode";
import { reasonMax } from "./agreed";
import { tabName, type VirtualDocuments } from "./documents";
import type { PlanDrafts } from "./plan/drafts";
import type { PlanPanels } from "./plan/panels";
import type { Answer, AskParams, AskResult } from "./protocol";
import type { Choice, Question, Questions } from "./questions";
import { noticeOf } from "./trees/exactly";

/** Put the question to the person and wait for the answer. */
export async function ask(
  params: AskParams,
  questions: Questions,
  documents: VirtualDocuments,
  drafts: PlanDrafts,
  panels: PlanPanels,
): Promise<AskResult> {
  const asText = questionOf(params, documents, drafts);
  const answer = await questions.ask(params.view ? inPanel(asText, params, panels) : asText);
  // A window that VS Code restricts says yes to nothing.
  if (answer === null || (answer.choice === "approve" && !vscode.workspace.isTrusted)) {
    return null;
  }
  return { ...answer, digest: params.digest };
}

function questionOf(params: AskParams, documents: VirtualDocuments, drafts: PlanDrafts): Question {
  const { id, title, digest } = params;
  const page = documents.uri(`/${tabName(title)}.md`, id);
  const notice = noticeOf(params);
  const question: Question = {
    id,
    kind: "ask",
    title,
    ...(notice === undefined ? {} : { notice }),
    fingerprint: digest,
    choices: choicesOf(params, () => drafts.open(question, params.plan)),
    show: () => showBeside(documents.put(page, textOf(params))),
    hide: () => documents.remove(page),
  };
  return question;
}

/** A plan's question in a panel of its own; its text is what the panel can show it as. */
function inPanel(asText: Question, params: AskParams, panels: PlanPanels): Question {
  const question: Question = {
    ...asText,
    choices: asText.choices.map((choice) => unlessChanged(choice, params, panels)),
    show: async () => panels.show(question, params, asText.show),
    hide: async (isAnswered) => {
      panels.over(params);
      await asText.hide(isAnswered);
    },
  };
  return question;
}

/** A yes from elsewhere must not pass over what the person is changing in the panel. */
function unlessChanged(choice: Choice, params: AskParams, panels: PlanPanels): Choice {
  const complete = async (): Promise<Answer | undefined> => {
    if (choice.id === "edit") {
      panels.edit(params);
      return undefined;
    }
    if (choice.id !== "reject" && panels.isChanged(params)) {
      panels.edit(params);
      void vscode.window.showWarningMessage(
        "Steward: you have changed this plan and not sent it. Send it, or undo your changes first.",
      );
      return undefined;
    }
    return choice.complete ? choice.complete() : { choice: choice.id };
  };
  const detail = choice.id === "edit" ? "Change the plan in its panel; you are asked about what you send" : choice.detail;
  return { ...choice, ...(detail ? { detail } : {}), complete };
}

/** What is asked, and what a yes for the rest of the run would be a yes to. */
function textOf({ markdown, grant }: AskParams): string {
  return grant === "" ? markdown : `${markdown}\n\n*${forRunTitle}* covers, until the run ends: ${grant}`;
}

const forRunTitle = "Allow for this run";

/** The yes first, then a wider or narrower one, then the ways to say no. */
function choicesOf(params: AskParams, edit: () => Promise<void>): Choice[] {
  const { takes, grant, title } = params;
  const wordings = new Map(params.choices.map((choice) => [choice.id, choice.title]));
  const no = wordings.get("reject") ?? "No";
  const all: (Choice & { isOffered: boolean })[] = [
    { id: "approve", title: wordings.get("approve") ?? "Yes", isOffered: true },
    {
      id: "forRun",
      title: forRunTitle,
      detail: grant,
      isOffered: takes.includes("for_run"),
      complete: async () => ({ choice: "approve", isForRun: true }),
    },
    {
      id: "stepByStep",
      title: "Step by step",
      detail: "Approves the plan, and asks before each step",
      isOffered: takes.includes("step_by_step"),
      complete: async () => ({ choice: "approve", isStepByStep: true }),
    },
    {
      id: "edit",
      title: "Edit…",
      detail: "Opens the plan as JSON; you are asked about what you make of it",
      isOffered: takes.includes("edited_plan") && params.plan !== null,
      // The question stays open until the draft is sent.
      complete: async () => void (await edit()),
    },
    takes.includes("reason")
      ? { id: "reject", title: `${no}…`, isOffered: true, complete: () => refusal(title) }
      : { id: "reject", title: no, isOffered: true },
  ];
  return all.filter((choice) => choice.isOffered);
}

/** A no with its reason, or without one; `undefined` when the box was closed. */
export async function refusal(title: string): Promise<Answer | undefined> {
  const reason = await vscode.window.showInputBox({
    title,
    prompt: "Why not? The agent is told. Leave it empty to say no and nothing more.",
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.length > reasonMax ? `Say it in at most ${reasonMax} characters.` : undefined,
  });
  if (reason === undefined) {
    return undefined;
  }
  return reason.trim() === "" ? { choice: "reject" } : { choice: "reject", reason: reason.trim() };
}

/** Beside the code and without the focus: what the person is typing must not land elsewhere. */
async function showBeside(uri: vscode.Uri): Promise<void> {
  await vscode.window.showTextDocument(uri, {
    viewColumn: vscode.ViewColumn.Beside,
    preserveFocus: true,
    preview: false,
  });
}

/** The choices as links on the first line of a question's text. */
export class ChoiceLenses implements vscode.CodeLensProvider {
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  constructor(private readonly questions: Questions) {
    this.onDidChangeCodeLenses = questions.onDidChange;
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const question = this.questions.get(document.uri.query);
    const top = new vscode.Range(0, 0, 0, 0);
    return (question?.choices ?? []).map(
      (choice) =>
        new vscode.CodeLens(top, {
          title: choice.title,
          ...(choice.detail ? { tooltip: choice.detail } : {}),
          command: "steward.client.answer",
          arguments: [document.uri, choice.id],
        }),
    );
  }
}
