/** The plan as it is asked about: its steps as cards that can be changed, and the ways to answer. */

import { reasonMax } from "../../src/agreed";
import type { PlanAnswer, PlanWish, StepView } from "../../src/plan/messages";
import { button, make } from "../elements";
import type { Draft, DraftStep, Words } from "./draft";
import { focus } from "../redraw";

/** Who presses a button so soon after it came means what stood there before: a double click does. */
const tooSoonMs = 400;

/** What a question's cards tell the page. */
export interface Desk {
  root: HTMLElement;
  wish(wish: PlanWish): void;
  /** The draft has changed: draw it anew, and keep it. */
  changed(said?: string): void;
  /** Only words have changed, which are on the screen already. */
  worded(): void;
  /** Nothing of the draft has changed, but what can be done with it. */
  draw(): void;
}

/** The question of one plan. */
export class PlanQuestion {
  private readonly opened = new Set<number>();
  private isRefusing = false;
  /** Whether the yes was there long enough to be meant. */
  private isReadable = false;
  private dragged: number | undefined;

  constructor(
    readonly draft: Draft,
    private readonly desk: Desk,
  ) {
    this.waitForReader();
  }

  /** The whole of it, drawn anew. */
  drawn(): HTMLElement[] {
    const { view, plan } = this.draft.asked;
    const steps = this.draft.steps.map((step, place) => this.card(step, place));
    return [
      this.answers(),
      ...(this.isRefusing && view.questions.length === 0 ? [this.reasonBox(false)] : []),
      ...(view.note ? [make("p", { class: "note", role: "note" }, view.note)] : []),
      make("p", { class: "goal" }, make("span", { class: "label" }, "Goal "), view.goal),
      make("p", { class: "about" }, about([view.agent, view.place && `started from ${view.place}`])),
      ...(view.modeSaid ? [make("p", { class: "mode" }, view.modeSaid)] : []),
      make("p", { class: "words" }, view.summary),
      ...this.questions(),
      make("ol", { class: "steps", "aria-label": "Steps" }, ...steps),
      ...(plan ? [button("Add a step", () => this.add(), { key: "add", class: "quiet" })] : []),
      make("p", { class: "cost" }, view.cost.said),
      ...(view.called.length > 0 ? [this.called()] : []),
      make("p", { class: "fine" }, view.covers),
    ];
  }

  /** Lead the person to the steps. */
  edit(): void {
    focus(this.desk.root, `card-${this.draft.steps[0]?.id ?? 0}`);
  }

  private card(step: DraftStep, place: number): HTMLLIElement {
    const view = step.from === null ? undefined : this.draft.asked.view.steps[step.from];
    const isEdited = this.opened.has(step.id);
    const isOurs = this.draft.asked.plan !== null;
    const made = make(
      "li",
      {
        class: `card${view?.isNew ? " new" : ""}`,
        "data-key": `card-${step.id}`,
        tabindex: "0",
        "aria-label": `Step ${place + 1} of ${this.draft.steps.length}: ${step.title || "not named yet"}`,
        ...(isOurs && !isEdited ? { draggable: "true" } : {}),
      },
      isOurs && this.tools(step, place),
      ...(isEdited ? this.boxes(step) : shownStep(step, view, place)),
    );
    made.addEventListener("keydown", (event) => this.keyed(event, step, place));
    this.movable(made, step, place);
    return made;
  }

  /** Let a card be moved by the mouse; by keyboard it is moved with Alt and the arrows. */
  private movable(card: HTMLElement, step: DraftStep, place: number): void {
    card.addEventListener("dragstart", () => {
      this.dragged = step.id;
    });
    card.addEventListener("dragover", (event) => {
      if (this.dragged !== undefined) {
        event.preventDefault();
      }
    });
    card.addEventListener("drop", (event) => {
      event.preventDefault();
      this.dropped(place);
    });
  }

  private tools(step: DraftStep, place: number): HTMLElement {
    const named = `step ${place + 1}`;
    const isEdited = this.opened.has(step.id);
    const up = button("↑", () => this.move(step, place - 1), { key: `up-${step.id}`, label: `Move ${named} up (Alt+Up)` });
    const down = button("↓", () => this.move(step, place + 1), { key: `down-${step.id}`, label: `Move ${named} down (Alt+Down)` });
    up.disabled = place === 0;
    down.disabled = place === this.draft.steps.length - 1;
    const remove = button("Remove", () => this.remove(step, place), { key: `remove-${step.id}`, label: `Remove ${named}` });
    remove.disabled = this.draft.steps.length === 1;
    return make(
      "div",
      { class: "tools", role: "group", "aria-label": `Change ${named}` },
      up,
      down,
      button(isEdited ? "Done" : "Change", () => this.toggle(step), {
        key: `edit-${step.id}`,
        label: isEdited ? `Done with ${named}` : `Change ${named}`,
      }),
      remove,
    );
  }

  private boxes(step: DraftStep): HTMLElement[] {
    const box = (name: keyof Words, label: string, lines: number): HTMLElement => {
      const id = `${name}-${step.id}`;
      const made = lines > 1 ? make("textarea", { "data-key": id }) : make("input", { "data-key": id });
      if (made instanceof HTMLTextAreaElement) {
        made.rows = lines;
      }
      made.id = id;
      made.value = step[name];
      made.addEventListener("input", () => {
        step[name] = made.value;
        this.desk.worded();
      });
      return make("div", { class: "box" }, labelled(id, label), made);
    };
    return [
      box("title", "What is done", 1),
      ...(step.from === null ? [box("tool", "With which tool of the agent's", 1)] : []),
      box("detail", "How", 3),
      box("files", "Files that it may touch, one a line; none is any", 2),
    ];
  }

  private questions(): HTMLElement[] {
    const { questions } = this.draft.asked.view;
    if (questions.length === 0) {
      return [];
    }
    const asked = questions.map((question) => make("li", {}, question));
    return [
      make("h2", {}, "It would like to know"),
      make("ul", { class: "questions" }, ...asked),
      make("p", { class: "fine" }, "An answer is a no to this plan, and the agent makes another one."),
      ...(this.draft.asked.takesReason ? [this.reasonBox(true)] : []),
    ];
  }

  private called(): HTMLElement {
    const named = this.draft.asked.view.called.map(({ agentId, agent }) => `${agentId} (${agent})`).join("; ");
    return make(
      "p",
      { class: "fine" },
      `It may call these agents, where a step names them: ${named}. The plan holds for them, too, and they have no ` +
        "more rights, money and time than it has.",
    );
  }

  private answers(): HTMLElement {
    const { asked, isChanged } = this.draft;
    const takesReason = asked.takesReason;
    const asks = asked.view.questions.length > 0;
    const yes = isChanged
      ? [
          button("Send changed plan", () => this.send(), {
            key: "send",
            class: "primary",
            label: "Send changed plan: you are asked again, about exactly this",
          }),
          button("Undo my changes", () => this.reset(), { key: "reset" }),
        ]
      : this.approvals();
    const no = button(takesReason ? `${asked.reject}…` : asked.reject, () => this.refuse(takesReason), { key: "refuse" });
    const more = make(
      "div",
      { class: "more" },
      asked.plan && button("Edit as JSON", () => this.desk.wish({ type: "json", plan: this.draft.plan() }), { key: "json", class: "quiet" }),
      button("Show as text", () => this.desk.wish({ type: "text" }), { key: "text", class: "quiet" }),
    );
    return make(
      "div",
      { class: "answers", role: "group", "aria-label": "Your answer" },
      make("div", { class: "row" }, ...yes, !(this.isRefusing || asks) && no, more),
    );
  }

  private approvals(): HTMLElement[] {
    const { approve, takesStepByStep } = this.draft.asked;
    const all = [
      button(approve, () => this.answer({ choice: "approve" }), { key: "approve", class: "primary" }),
      ...(takesStepByStep
        ? [
            button("Step by step", () => this.answer({ choice: "approve", isStepByStep: true }), {
              key: "stepByStep",
              label: "Approve, and be asked before each step",
            }),
          ]
        : []),
    ];
    for (const each of all) {
      each.disabled = !this.isReadable;
    }
    return all;
  }

  private reasonBox(asks: boolean): HTMLElement {
    const box = make("textarea", { "data-key": "reason", maxlength: String(reasonMax), rows: "3" });
    box.id = "reason";
    box.value = this.draft.reason;
    box.addEventListener("input", () => {
      this.draft.reason = box.value;
      this.desk.worded();
    });
    const label = asks ? "Your answers, or why not; the agent is told" : "Why not? The agent is told. It may stay empty.";
    const reason = (): { reason?: string } => (box.value.trim() ? { reason: box.value.trim() } : {});
    return make(
      "div",
      { class: "box" },
      labelled("reason", label),
      box,
      make(
        "div",
        { class: "row" },
        button(this.draft.asked.reject, () => this.answer({ choice: "reject", ...reason() }), { key: "reject" }),
        !asks && button("Don't reject", () => this.refuse(true), { key: "keep", class: "quiet" }),
      ),
    );
  }

  private answer(answer: PlanAnswer): void {
    this.desk.wish({ type: "answer", fingerprint: this.draft.asked.fingerprint, answer });
  }

  private send(): void {
    const unfinished = this.draft.unfinished;
    if (unfinished) {
      this.opened.add(unfinished.id);
      this.desk.changed("A step needs a title and a tool before the plan can be sent.");
      focus(this.desk.root, unfinished.title.trim() === "" ? `title-${unfinished.id}` : `tool-${unfinished.id}`);
      return;
    }
    this.answer({ choice: "reject", plan: this.draft.plan() });
  }

  private refuse(takesReason: boolean): void {
    if (!takesReason) {
      this.answer({ choice: "reject" });
      return;
    }
    this.isRefusing = !this.isRefusing;
    this.desk.changed();
    focus(this.desk.root, this.isRefusing ? "reason" : "refuse");
  }

  /** Take no yes for a moment. */
  private waitForReader(): void {
    this.isReadable = false;
    setTimeout(() => {
      this.isReadable = true;
      this.desk.draw();
    }, tooSoonMs);
  }

  private reset(): void {
    this.draft.reset();
    this.opened.clear();
    // The yes comes to where the button was that was pressed just now.
    this.waitForReader();
    this.desk.changed("Your changes are undone.");
    this.edit();
  }

  private toggle(step: DraftStep): void {
    const isOpen = this.opened.delete(step.id);
    if (!isOpen) {
      this.opened.add(step.id);
    }
    this.desk.changed();
    focus(this.desk.root, isOpen ? `edit-${step.id}` : `title-${step.id}`);
  }

  private move(step: DraftStep, to: number): void {
    const place = this.draft.move(step.id, to);
    this.desk.changed(`Step moved to ${place + 1} of ${this.draft.steps.length}.`);
  }

  private remove(step: DraftStep, place: number): void {
    this.draft.remove(step.id);
    this.desk.changed(`Step ${place + 1} removed; ${this.draft.steps.length} left.`);
    const next = this.draft.steps[Math.min(place, this.draft.steps.length - 1)];
    focus(this.desk.root, `card-${next?.id ?? 0}`);
  }

  private add(): void {
    const id = this.draft.add();
    this.opened.add(id);
    this.desk.changed("Step added.");
    focus(this.desk.root, `title-${id}`);
  }

  private keyed(event: KeyboardEvent, step: DraftStep, place: number): void {
    const by = event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
    if (by === undefined || this.draft.asked.plan === null) {
      return;
    }
    event.preventDefault();
    this.move(step, place + by);
  }

  private dropped(place: number): void {
    const moved = this.draft.steps.find(({ id }) => id === this.dragged);
    this.dragged = undefined;
    if (moved) {
      this.move(moved, place);
    }
  }
}

function shownStep(step: DraftStep, view: StepView | undefined, place: number): HTMLElement[] {
  const files = step.files.split("\n").filter((path) => path.trim() !== "");
  return [
    make(
      "h2",
      {},
      make("span", { class: "number" }, `${place + 1}`),
      view?.isNew ? make("span", { class: "badge" }, "New") : null,
      step.title || "Not named yet",
    ),
    make("p", { class: "about" }, make("code", {}, step.tool || "no tool yet"), view ? `  ${view.needs}` : null),
    ...(step.detail ? [make("p", { class: "words" }, step.detail)] : []),
    ...chips("Files", files),
    ...chips("Agents", view?.agents ?? []),
  ];
}

function chips(label: string, names: string[]): HTMLElement[] {
  const items = names.map((name) => make("li", {}, make("code", {}, name)));
  return items.length > 0 ? [make("ul", { class: "chips", "aria-label": label }, ...items)] : [];
}

function labelled(id: string, text: string): HTMLLabelElement {
  return make("label", { for: id }, text);
}

function about(parts: (string | false)[]): string {
  return parts.filter(Boolean).join(" · ");
}
