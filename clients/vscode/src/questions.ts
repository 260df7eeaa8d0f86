/** The questions that wait for a person, and the ways to answer one. */

import * as vscode from "vscode";
import { line, plain, plainIcon, showFailure } from "./messages";
import type { Answer } from "./protocol";

/** Opens the page of a question that a notification shows whole. */
const showId = "show";

/** The choice of a part of what is asked about. */
export const keepSomeId = "keepSome";

/** One way to answer. */
export interface Choice {
  id: string;
  title: string;
  /** What follows from it, where the title does not say it all. */
  detail?: string;
  /** Worth nothing before the person has seen what it is about. */
  needsView?: true;
  /** What is still to be said; `undefined` when the person thought better of it. */
  complete?: () => Promise<Answer | undefined>;
}

/** Something a person is asked. `show` brings it into view, `hide` takes it away. */
export interface Question {
  id: string;
  kind: "ask" | "edit";
  title: string;
  choices: Choice[];
  /** All that is asked, where a notification shows it whole; else its page is opened first. */
  notice?: string;
  /** Differs when what is shown differs, even under the same id. */
  fingerprint: string;
  show(): Promise<void>;
  /** `isAnswered`: here, by the person; else it is over for another reason. */
  hide(isAnswered: boolean): Promise<void>;
  /** Whether all of it was in view; absent where that does not matter. */
  isSeen?: () => boolean;
  /** How it begins: brought into view, in view already, or only told of, so as not to disturb. */
  arrival?: () => "show" | "shown" | "tell";
}

/** Who presses a button so soon after the text behind it changed meant the text before. */
const tooSoonMs = 400;

interface Open {
  question: Question;
  since: number;
  settle: (answer: Answer | null) => void;
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

  /** Ask, and wait: the answer, or `null` when the question was closed unanswered. */
  ask(question: Question): Promise<Answer | null> {
    const before = this.open.get(question.id);
    const isRepeated = before?.question.fingerprint === question.fingerprint;
    const shown = isRepeated ? before.question : question;
    const answer = new Promise<Answer | null>((settle) => {
      this.open.set(question.id, { question: shown, since: Date.now(), settle });
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

  /** Answer an open question with one of its choices, once all that belongs to it was said. */
  async choose(question: Question, id: string): Promise<void> {
    const choice = question.choices.find((one) => one.id === id);
    if (choice?.needsView && !(await this.wasSeen(question))) {
      return;
    }
    // A message outlives its question; nothing more is to be said to it then.
    const isOpen = this.get(question.id) === question;
    const answer = isOpen && choice?.complete ? await choice.complete() : { choice: id };
    if (answer && !this.answer(question, answer)) {
      void vscode.window.showInformationMessage("Steward: this question is no longer open.");
    }
  }

  /** Answer a question, if it is still open and still what was shown. */
  answer(question: Question, answer: Answer): boolean {
    const isOpen = this.get(question.id) === question;
    if (isOpen) {
      this.settle(question.id, answer);
    }
    return isOpen;
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
  async present(question: Question, { isShown = false } = {}): Promise<void> {
    const notice = isShown ? undefined : question.notice;
    if (notice === undefined) {
      await question.show();
    }
    if (this.get(question.id) !== question) {
      return;
    }
    await this.offer(question, notice);
  }

  /** The choices as buttons of a message; what is in view stays there. */
  private async offer(question: Question, notice?: string): Promise<void> {
    const choices = question.choices.map((choice) => ({ title: choice.title, id: choice.id }));
    const items = notice === undefined ? choices : [...choices, { title: "Show", id: showId }];
    const text = notice === undefined ? question.title : `${question.title}: ${notice}`;
    const picked = await vscode.window.showInformationMessage(plain(`Steward: ${text}`), ...items);
    if (picked?.id === showId) {
      await this.present(question, { isShown: true });
    } else if (picked) {
      await this.pressed(question, picked.id);
    }
  }

  private async pressed(question: Question, id: string): Promise<void> {
    try {
      await this.choose(question, id);
    } catch (error) {
      showFailure(error);
    }
  }

  /** Say that it waits, without taking the keys of somebody who writes. */
  private async tell(question: Question): Promise<void> {
    const review = "Review";
    const no = question.choices.filter(({ needsView }) => !needsView).map(({ title, id }) => ({ title, id }));
    const picked = await vscode.window.showInformationMessage(
      plain(`Steward: ${question.title}`),
      { title: review, id: review },
      ...no,
    );
    if (picked?.id === review && this.get(question.id) === question) {
      await this.present(question);
    } else if (picked && picked.id !== review) {
      await this.pressed(question, picked.id);
    }
  }

  /** Whether a yes can be meant for what the question shows; else it is shown. */
  private async wasSeen(question: Question): Promise<boolean> {
    const open = this.open.get(question.id);
    if (open?.question !== question) {
      return true; // It is over, and whoever answers is told so.
    }
    if (question.isSeen?.() === false) {
      void this.present(question);
      return false;
    }
    if (question.arrival?.() === "shown" && Date.now() - open.since < tooSoonMs) {
      void vscode.window.showInformationMessage(
        "Steward: the proposal has changed just now, because a file did. Look at it, and answer again.",
      );
      return false;
    }
    return true;
  }

  private async replace(old: Question | undefined, question: Question): Promise<void> {
    await old?.hide(false);
    switch (question.arrival?.()) {
      case "tell":
        await this.tell(question);
        break;
      case "shown":
        await this.offer(question);
        break;
      default:
        await this.present(question);
    }
  }

  private settle(id: string, answer: Answer | null): void {
    const open = this.open.get(id);
    if (!open) {
      return;
    }
    this.open.delete(id);
    open.settle(answer);
    void open.question.hide(answer !== null);
    this.update();
  }

  private update(): void {
    const kinds = new Set(this.all().map((question) => question.kind));
    void vscode.commands.executeCommand("setContext", "steward.questionOpen", kinds.has("ask"));
    void vscode.commands.executeCommand("setContext", "steward.editOpen", kinds.has("edit"));
    const isChoosable = this.all().some((question) => hasChoice(question, keepSomeId));
    void vscode.commands.executeCommand("setContext", "steward.choiceOpen", isChoosable);
    this.changed.fire();
  }
}

/** Whether a question can be answered with this choice. */
export function hasChoice(question: Question, id: string): boolean {
  return question.choices.some((choice) => choice.id === id);
}

/** Let the person pick among `questions`; the only one needs no picking. */
export async function pickQuestion(questions: Question[]): Promise<Question | undefined> {
  if (questions.length <= 1) {
    return questions[0];
  }
  const items = questions.map((question) => ({ label: line(question.title), question }));
  const picked = await vscode.window.showQuickPick(items, {
    title: "Steward: open questions",
    // Another question may open its diff meanwhile, which takes the keys but not the list.
    ignoreFocusOut: true,
  });
  return picked?.question;
}

/** Let the person pick one of the ways to answer; what is asked may stand in what follows from it. */
export async function pickChoice({ choices, title }: Question): Promise<string | undefined> {
  const items = choices.map((choice) => ({
    label: choice.title,
    ...(choice.detail ? { detail: plainIcon(choice.detail) } : {}),
    id: choice.id,
  }));
  return (await vscode.window.showQuickPick(items, { title: plain(title), ignoreFocusOut: true }))?.id;
}
