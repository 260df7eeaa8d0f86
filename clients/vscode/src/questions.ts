/** The questions that wait for a person, and the ways to answer one. */

import * as vscode from "vscode";
import { plain } from "./messages";
import type { Choice } from "./protocol";

/** Something a person is asked. `show` brings it into view, `hide` takes it away. */
export interface Question {
  id: string;
  kind: "ask" | "edit";
  title: string;
  choices: Choice[];
  /** Differs when what is shown differs, even under the same id. */
  fingerprint: string;
  show(): Promise<void>;
  hide(): Promise<void>;
}

interface Open {
  question: Question;
  settle: (choice: string | null) => void;
}

/**
 * Keeps each question until it is answered or closed. A notification that was dismissed or timed out
 * answers nothing: the question stays here, on the status bar and in its own tab.
 */
export class Questions {
  private readonly open = new Map<string, Open>();
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;

  /** The number that wait. */
  get count(): number {
    return this.open.size;
  }

  /** Ask, and wait: the id of the choice, or `null` when the question was closed unanswered. */
  ask(question: Question): Promise<string | null> {
    const before = this.open.get(question.id);
    const isRepeated = before?.question.fingerprint === question.fingerprint;
    const shown = isRepeated ? before.question : question;
    const answer = new Promise<string | null>((settle) => {
      this.open.set(question.id, { question: shown, settle });
    });
    // Only the latest request is answered, and only with what it asks in view.
    before?.settle(null);
    this.update();
    if (!isRepeated) {
      void this.replace(before?.question, question);
    }
    return answer;
  }

  /** Find an open question. */
  get(id: string): Question | undefined {
    return this.open.get(id)?.question;
  }

  /** All open questions, the oldest first. */
  all(): Question[] {
    return [...this.open.values()].map((open) => open.question);
  }

  /** Answer an open question. */
  answer(id: string, choice: string): void {
    this.settle(id, choice);
  }

  /** Take a question away unanswered. */
  close(id: string): void {
    this.settle(id, null);
  }

  /** Take all away unanswered; the server that asked is gone. */
  closeAll(): void {
    for (const id of [...this.open.keys()]) {
      this.close(id);
    }
  }

  /** Bring a question into view with its choices as buttons. */
  async present(question: Question): Promise<void> {
    await question.show();
    if (this.get(question.id) !== question) {
      return;
    }
    const items = question.choices.map((choice) => ({ title: choice.title, id: choice.id }));
    const picked = await vscode.window.showInformationMessage(plain(`Steward: ${question.title}`), ...items);
    if (picked && this.get(question.id) === question) {
      this.answer(question.id, picked.id);
    } else if (picked) {
      void vscode.window.showInformationMessage("Steward: this question is no longer open.");
    }
  }

  private async replace(old: Question | undefined, question: Question): Promise<void> {
    await old?.hide();
    await this.present(question);
  }

  private settle(id: string, choice: string | null): void {
    const open = this.open.get(id);
    if (!open) {
      return;
    }
    this.open.delete(id);
    open.settle(choice);
    void open.question.hide();
    this.update();
  }

  private update(): void {
    const kinds = new Set(this.all().map((question) => question.kind));
    void vscode.commands.executeCommand("setContext", "steward.questionOpen", kinds.has("ask"));
    void vscode.commands.executeCommand("setContext", "steward.editOpen", kinds.has("edit"));
    this.changed.fire();
  }
}

/** Let the person pick among `questions`; the only one needs no picking. */
export async function pickQuestion(questions: Question[]): Promise<Question | undefined> {
  if (questions.length <= 1) {
    return questions[0];
  }
  const items = questions.map((question) => ({ label: question.title, question }));
  const picked = await vscode.window.showQuickPick(items, { title: "Steward: open questions" });
  return picked?.question;
}
