/** The conversation: its messages in order, the end of it in view while the person is there. */

import type { ChatMessage, ChatPiece, Conversation } from "../../src/chat/protocol";
import { make } from "../elements";
import { Frames } from "../frames";
import { Answer, PersonMessage } from "./message";

/** How many messages are shown, the last of the conversation. */
const MESSAGES_MAX = 200;
/** How near to the end counts as there. */
const END_PX = 32;

const EMPTY =
  "Ask about your code. Type @ to mention a file, # for a symbol. What goes along is shown above the box, and nothing else does.";

/** Shows one conversation. */
export class Log {
  // Not read out as it is written: who listens is told of a finished answer, once.
  readonly element = make("div", {
    class: "log",
    role: "log",
    "aria-live": "off",
    "aria-label": "Conversation",
    tabindex: "0",
  });
  private readonly empty = make("p", { class: "empty" }, EMPTY);
  private readonly earlier = make("p", { class: "earlier" });
  private readonly frames: Frames;
  private readonly messages = new Map<string, PersonMessage | Answer>();
  private conversation = "";
  private isAtEnd = true;

  constructor(private readonly finished: (answer: Answer) => void) {
    this.frames = new Frames(() => this.follow());
    this.element.append(this.empty);
    this.element.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.element;
      this.isAtEnd = scrollHeight - scrollTop - clientHeight < END_PX;
    });
    new ResizeObserver(() => this.follow()).observe(this.element);
  }

  /** Whether an answer is under way. */
  get isAnswering(): boolean {
    return [...this.messages.values()].some((one) => one instanceof Answer && one.isAnswering);
  }

  /** Show the conversation as it stands. */
  show(conversation: Conversation | null): void {
    if (conversation === null || conversation.id !== this.conversation) {
      this.clear(conversation?.id ?? "");
    }
    const all = conversation?.messages ?? [];
    const last = all.slice(-MESSAGES_MAX);
    this.empty.hidden = all.length > 0;
    this.earlier.hidden = last.length === all.length;
    this.earlier.textContent = `${all.length - last.length} earlier messages are in the export.`;
    for (const message of last) {
      this.put(message);
    }
    this.follow();
  }

  /** The next piece of an answer. */
  take(piece: ChatPiece): void {
    const answer = this.messages.get(piece.messageId);
    if (answer instanceof Answer) {
      this.watch(answer, () => answer.take(piece));
    }
  }

  /** Go to the end, and stay there. */
  goToEnd(): void {
    this.isAtEnd = true;
    this.follow();
  }

  private put(message: ChatMessage): void {
    const there = this.messages.get(message.id);
    if (there instanceof Answer) {
      this.watch(there, () => there.update(message));
    } else if (there) {
      there.update(message);
    } else {
      const made = message.author === "person" ? new PersonMessage(message) : new Answer(message, this.frames);
      this.messages.set(message.id, made);
      this.element.append(made.element);
    }
  }

  private watch(answer: Answer, change: () => void): void {
    const wasAnswering = answer.isAnswering;
    change();
    if (wasAnswering && !answer.isAnswering) {
      this.finished(answer);
    }
  }

  private clear(conversation: string): void {
    this.conversation = conversation;
    this.messages.clear();
    this.element.replaceChildren(this.empty, this.earlier);
    this.isAtEnd = true;
  }

  private follow(): void {
    const end = this.element.scrollHeight;
    if (this.isAtEnd) {
      this.element.scrollTop = end;
    }
  }
}
