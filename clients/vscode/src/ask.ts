/** `steward/ask`: the whole text in a tab of its own, the choices wherever the person looks. */

import * as vscode from "vscode";
import { tabName, type VirtualDocuments } from "./documents";
import type { AskParams, AskResult } from "./protocol";
import type { Question, Questions } from "./questions";

/** Short enough, and plain enough, for a notification to show every character of it. */
const inNotification = /^[^\n\r[\]]{1,160}$/;

/** Put the question to the person and wait for the answer. */
export async function ask(
  params: AskParams,
  questions: Questions,
  documents: VirtualDocuments,
): Promise<AskResult> {
  const choice = await questions.ask(questionOf(params, documents));
  return choice === null ? null : { choice, digest: params.digest };
}

function questionOf(params: AskParams, documents: VirtualDocuments): Question {
  const { id, title, choices, markdown, digest } = params;
  const common = { id, kind: "ask" as const, choices, fingerprint: digest };
  if (params.kind === "command" && inNotification.test(markdown)) {
    const nothing = async (): Promise<void> => undefined;
    return { ...common, title: `${title} ${markdown}`, show: nothing, hide: nothing };
  }
  const page = documents.uri(`/${tabName(title)}.md`, id);
  return {
    ...common,
    title,
    show: () => showBeside(documents.put(page, markdown)),
    hide: () => documents.remove(page),
  };
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
          command: "steward.client.answer",
          arguments: [document.uri, choice.id],
        }),
    );
  }
}
