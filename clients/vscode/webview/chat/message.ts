/** One message of the conversation, as an article: who, what, and how it went. */

import type { AnswerState, ChatMessage, ChatPiece } from "../../src/chat/protocol";
import { revealed } from "../../src/hidden";
import { button, make, shown } from "../elements";
import type { Frames } from "../frames";
import { openings } from "../markdown/fences";
import { isWeb } from "../markdown/inline";
import type { CodeBlock } from "../markdown/leaves";
import { MarkdownStream } from "../markdown/stream";
import { say } from "./host";

/** How much of a finished answer is read out by itself; the rest is there to be read. */
const SPOKEN_CHARS_MAX = 500;

const STATES: Record<AnswerState, string> = {
  answering: "Answering…",
  finished: "",
  failed: "Failed",
  stopped: "Stopped",
};

/** What the person wrote, with what went along and what did not. */
export class PersonMessage {
  readonly element = make("article", { class: "message person", "aria-label": "You" });
  private readonly along = make("ul", { class: "along" });
  private drawn = "";

  constructor(message: ChatMessage) {
    this.element.append(make("h2", {}, "You"), make("p", { class: "typed" }, message.text), this.along);
    this.update(message);
  }

  /** What was left out is known a little later than the rest. */
  update({ mentions, attachments, leftOut }: ChatMessage): void {
    const rows = [
      ...mentions.map((mention) => ({ class: "sent", text: mention })),
      ...attachments.map(({ title }) => ({ class: "sent", text: title })),
      ...leftOut.map(({ what, why }) => ({ class: "left-out", text: `Left out: ${what}. ${why}` })),
    ];
    const drawn = JSON.stringify(rows);
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      this.along.hidden = rows.length === 0;
      this.along.replaceChildren(...rows.map((row) => make("li", { class: row.class }, row.text)));
    }
  }
}

/** What the model or the agent answered, as it comes. */
export class Answer {
  readonly element = make("article", { class: "message answer", "aria-label": "Steward" });
  private readonly body = make("div", { class: "text" });
  private readonly step = make("p", { class: "step" });
  private readonly foot = make("p", { class: "foot" });
  private readonly thumbs = make("p", { class: "thumbs" });
  private applying: { press: HTMLElement; line: number }[] = [];
  private stream: MarkdownStream;
  private text = "";
  private state: AnswerState = "answering";

  constructor(
    private message: ChatMessage,
    private readonly frames: Frames,
  ) {
    this.stream = this.begun();
    this.element.append(make("h2", {}, "Steward"), this.body, this.step, this.foot, this.thumbs);
    this.thumbs.append(this.thumb("good", "\u{1F44D}"), this.thumb("bad", "\u{1F44E}"));
    this.update(message);
  }

  get isAnswering(): boolean {
    return this.state === "answering";
  }

  /** The beginning of the answer, for who listens. */
  get spoken(): string {
    const isLong = this.text.length > SPOKEN_CHARS_MAX;
    const words = revealed(this.text.slice(0, SPOKEN_CHARS_MAX)).replace(/[*_`#>|~-]+/g, " ");
    return [this.message.note, words, isLong ? "The rest is in the conversation." : ""].filter(Boolean).join(" ");
  }

  /** The message as it stands on the server; what is there already is not drawn again. */
  update(message: ChatMessage): void {
    this.message = { ...message };
    // One that goes on after all, with the next server, is another stream.
    const goesOn = message.state !== "answering" || this.isAnswering;
    if (goesOn && message.text.startsWith(this.text)) {
      this.add(message.text.slice(this.text.length));
    } else {
      this.body.replaceChildren();
      this.applying = [];
      this.text = "";
      this.stream = this.begun();
      this.add(message.text);
    }
    this.stand(message.state, "");
  }

  /** The next piece. */
  take(piece: ChatPiece): void {
    this.message = { ...this.message, note: piece.note, runId: piece.runId, cost: piece.cost || this.message.cost };
    this.add(piece.add);
    this.stand(piece.state, piece.step);
  }

  private begun(): MarkdownStream {
    return new MarkdownStream(this.body, {
      links: { leads: isWeb, open: (target) => say({ type: "open", target }) },
      closed: (block) => this.offer(block),
    });
  }

  private add(text: string): void {
    this.text += text;
    this.stream.feed(text);
  }

  private stand(state: AnswerState, step: string): void {
    this.state = state;
    if (state !== "answering") {
      this.stream.finish();
      this.allowApplying();
    }
    // What was one stream is not another's, if the text was begun anew in between.
    const stream = this.stream;
    this.frames.ask((isEnough) => stream === this.stream && stream.work(isEnough));
    this.drawStep(state === "answering" ? step : "");
    this.drawFoot();
    this.thumbs.hidden = this.isAnswering;
  }

  private thumb(verdict: "good" | "bad", sign: string): HTMLElement {
    return button(sign, () => say({ type: "feedback", messageId: this.message.id, verdict }), {
      class: "link",
      label: `Say that this answer was ${verdict}`,
    });
  }

  private drawStep(step: string): void {
    const { runId } = this.message;
    this.step.hidden = !runId && !step;
    this.step.replaceChildren(...shown(step));
    if (runId) {
      const pressed = button("Open run", () => say({ type: "run", runId }), { class: "link" });
      this.step.append(...(step ? [" "] : []), pressed);
    }
  }

  private drawFoot(): void {
    const { note, agent, model, cost } = this.message;
    const isSilent = this.isAnswering && this.text === "" && !this.message.runId;
    const state = isSilent ? "Waiting for the model…" : STATES[this.state];
    const said = [state, agent, model, cost].filter(Boolean).join(" · ");
    this.foot.replaceChildren(...shown(said));
    this.foot.classList.toggle("failed", this.state === "failed");
    if (note) {
      this.foot.append(make("br"), ...shown(note));
    }
  }

  /** What can be done with a complete block. */
  private offer(block: CodeBlock): void {
    const press = button("Apply…", () => this.apply(block), {
      label: `Apply ${block.name}: the change is shown first`,
    });
    press.hidden = true;
    this.applying.push({ press, line: block.line });
    block.actions.append(
      button("Copy", () => this.handIn("copy", block), { label: `Copy ${block.name}` }),
      button("Insert", () => this.handIn("insert", block), { label: `Insert ${block.name} at the cursor` }),
      press,
    );
    if (!this.isAnswering) {
      this.allowApplying();
    }
  }

  /** A block can be applied once the answer is whole, if the server sees it as one too. */
  private allowApplying(): void {
    const blocks = new Set(this.applying.length > 0 ? openings(this.text) : []);
    for (const { press, line } of this.applying) {
      press.hidden = !blocks.has(line);
    }
    this.applying = [];
  }

  private handIn(type: "copy" | "insert", block: CodeBlock): void {
    say({ type, messageId: this.message.id, text: block.text() });
  }

  private apply(block: CodeBlock): void {
    say({ type: "apply", messageId: this.message.id, block: openings(this.text).indexOf(block.line) });
  }
}
