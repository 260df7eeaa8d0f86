/** Where the person writes: the box, what goes along, what is chosen, and the way to stop. */

import type { ChatChoices, Chip, Pointing } from "../../src/chat/protocol";
import { button, make, shown } from "../elements";
import { ChipRow } from "./chipRow";
import { keep, kept, say } from "./host";
import { Pickers } from "./pickers";

const ADDABLE: { what: Pointing; title: string; label: string }[] = [
  { what: "file", title: "@", label: "Mention a file" },
  { what: "symbol", title: "#", label: "Mention a symbol" },
  { what: "any", title: "Add…", label: "Add the selection, problems, terminal output…" },
];

/** The sign that asks for something to be pointed at, where a word begins. */
const SIGNS: Record<string, Pointing> = { "@": "file", "#": "symbol" };

/** Sends what is written. */
export class Composer {
  readonly element = make("form", { class: "composer", "aria-label": "Your question" });
  private readonly box = make("textarea", {
    "aria-label": "Ask Steward",
    placeholder: "Ask about your code",
    rows: "2",
  });
  private readonly chips = new ChipRow();
  private readonly pickers = new Pickers();
  private readonly send = make("button", { type: "submit", class: "primary" }, "Send");
  private readonly stop = button("Stop", () => this.stopAnswer(), { class: "primary" });
  private readonly why = make("p", { class: "why", role: "status" });
  private readonly refusal = make("p", { class: "refusal", role: "alert" });
  /** What the person has asked before, the latest last; and which of them is in the box. */
  private asked: string[] = [];
  private recalled: number | undefined;
  private isSending = false;

  constructor() {
    this.box.value = kept().draft;
    this.stop.hidden = true;
    const add = ADDABLE.map(({ what, title, label }) => button(title, () => point(what, false), { label }));
    const adding = make("div", { class: "adding", role: "group", "aria-label": "Add to the question" }, ...add);
    const foot = make("div", { class: "foot" }, this.pickers.element, adding, this.send, this.stop);
    this.element.append(this.chips.element, this.box, foot, this.why, this.refusal);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    this.box.addEventListener("input", (event) => this.onInput(event as InputEvent));
    this.unavailable("Connecting…", false);
  }

  focus(): void {
    this.box.focus();
  }

  /** Offer these choices. */
  offer(choices: ChatChoices): void {
    this.pickers.offer(choices);
  }

  /** Say why nothing can be asked, in the place of the button; with nothing to say it can be. */
  unavailable(reason: string, mayRestart: boolean): void {
    this.isAvailable = reason === "";
    this.why.replaceChildren(...shown(reason));
    if (mayRestart) {
      this.why.append(" ", button("Start Steward", () => say({ type: "restart" })));
    }
    this.why.hidden = this.isAvailable;
    this.draw();
  }

  /** Show what goes along. */
  showChips(chips: Chip[]): void {
    this.chips.show(chips);
  }

  /** Whether an answer is under way: then it can be stopped, and nothing sent. */
  answering(isAnswering: boolean): void {
    const hadFocus = [this.send, this.stop].some((one) => one === document.activeElement);
    this.isAnswering = isAnswering;
    this.draw();
    if (hadFocus) {
      this.focus();
    }
  }

  /** What the person has asked in this conversation, for going back to it. */
  remember(asked: string[]): void {
    this.asked = asked;
  }

  /** The question is on its way. */
  sent(): void {
    this.isSending = false;
    this.fill("");
    this.recalled = undefined;
    this.draw();
  }

  /** It was not sent, and stays in the box. */
  refused(reason: string): void {
    this.isSending = false;
    this.refusal.replaceChildren(...shown(reason));
    this.draw();
  }

  /** Put what was chosen for the sign behind the cursor in its place. */
  pointed(text: string): void {
    const at = this.box.selectionStart;
    if (text && SIGNS[this.box.value.charAt(at - 1)]) {
      this.box.setRangeText(`${text} `, at - 1, at, "end");
      keep({ draft: this.box.value });
    }
  }

  private isAnswering = false;
  private isAvailable = false;

  private draw(): void {
    this.stop.hidden = !this.isAnswering;
    this.send.hidden = this.isAnswering || !this.isAvailable;
    this.send.disabled = this.isSending;
  }

  private submit(): void {
    const text = this.box.value.trim();
    if (text && this.isAvailable && !this.isAnswering && !this.isSending) {
      this.isSending = true;
      this.refusal.replaceChildren();
      this.draw();
      say({ type: "send", text, ...this.pickers.chosen, keys: this.chips.keys });
    }
  }

  private stopAnswer(): void {
    this.refusal.replaceChildren();
    say({ type: "stop" });
  }

  private onKey(event: KeyboardEvent): void {
    // What is being put together by an input method is not sent by the key that ends it.
    if (event.isComposing) {
      return;
    }
    if (event.key === "Escape" && this.isAnswering) {
      event.preventDefault();
      this.stopAnswer();
    } else if (event.target === this.box && event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.target === this.box && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      this.recall(event);
    }
  }

  /** Go back through what was asked, from an empty box or from one that was recalled. */
  private recall(event: KeyboardEvent): void {
    const isUntouched = this.recalled !== undefined && this.box.value === this.asked[this.recalled];
    if (this.box.value !== "" && !isUntouched) {
      return;
    }
    const from = isUntouched ? (this.recalled ?? this.asked.length) : this.asked.length;
    const to = from + (event.key === "ArrowUp" ? -1 : 1);
    if (to >= 0 && to <= this.asked.length) {
      event.preventDefault();
      this.recalled = to;
      this.fill(this.asked[to] ?? "");
    }
  }

  private onInput(event: InputEvent): void {
    keep({ draft: this.box.value });
    this.refusal.replaceChildren();
    const what = event.inputType === "insertText" ? SIGNS[event.data ?? ""] : undefined;
    const before = this.box.value.slice(0, this.box.selectionStart - 1);
    if (what && /(?:^|\s)$/.test(before)) {
      point(what, true);
    }
  }

  private fill(text: string): void {
    this.box.value = text;
    keep({ draft: text });
  }
}

function point(what: Pointing, typed: boolean): void {
  say({ type: "point", what, typed });
}
