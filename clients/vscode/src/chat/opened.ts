/** The conversation that is open here, kept as the server has it. */

import type * as vscode from "vscode";
import type { Server } from "../server";
import { Answers } from "./answers";
import type { ChatMessage, ChatPiece, Conversation } from "./protocol";

const KEY = "steward.chat.conversation";

/** Who is told of it. */
export interface Watcher {
  /** This is how it stands. */
  stands(conversation: Conversation | undefined): void;
  /** Its answer goes on. */
  goesOn(piece: ChatPiece): void;
}

/** One conversation at a time; which one is remembered, what is in it is the server's to know. */
export class OpenConversation {
  current: Conversation | undefined;
  private readonly answers = new Answers();
  private isReading = false;
  private isReadAgain = false;
  /** Whether this server has it; another one may have other data. */
  private isKnown = false;
  /** How often another one was chosen. */
  private choices = 0;

  constructor(
    private readonly server: Server,
    private readonly memory: vscode.Memento,
    private readonly watcher: Watcher,
  ) {}

  /** Throws where none is open. */
  get opened(): Conversation {
    if (!this.current) {
      throw new Error("no conversation is open. Ask something first.");
    }
    return this.current;
  }

  /** What was answered, as far as it has come; empty where there is no such answer. */
  answerOf(messageId: string): string {
    const answer = this.current?.messages.find(({ id, author }) => id === messageId && author === "assistant");
    return answer ? (this.answers.textOf(messageId) ?? answer.text) : "";
  }

  /** A piece of an answer has come, of this conversation or of another one. */
  async hear(piece: ChatPiece): Promise<void> {
    const found = this.answers.take(piece);
    if (piece.conversationId !== this.current?.id || found === "known") {
      return;
    }
    if (found === "next") {
      this.watcher.goesOn(piece);
    }
    // What was left out and what it cost is known in the end.
    if (found === "gap" || piece.state !== "answering") {
      await this.read();
    }
  }

  /** The server is another one, or gone. */
  begin(): void {
    this.answers.clear();
    this.isKnown = false;
  }

  /** As it stands while there is no server: nothing is being answered. */
  cutOff(): Conversation | undefined {
    const { current } = this;
    return current && { ...current, messages: current.messages.map((one) => cutOff(this.answers.merged(one))) };
  }

  /** Open another conversation, or none. */
  async choose(id: string | undefined): Promise<void> {
    this.choices += 1;
    this.isKnown = id !== undefined;
    await this.memory.update(KEY, id);
    if (id !== this.current?.id) {
      this.current = id === undefined ? undefined : { id, title: "", messages: [] };
    }
    await this.read();
  }

  /** A conversation was deleted. */
  async forget(id: string): Promise<void> {
    if (this.current?.id === id) {
      await this.choose(undefined);
    }
  }

  /** Read it from the server; what comes meanwhile has it read again. */
  async read(): Promise<void> {
    this.isReadAgain = this.isReading;
    if (this.isReading) {
      return;
    }
    this.isReading = true;
    try {
      do {
        this.isReadAgain = false;
        await this.readOnce();
      } while (this.isReadAgain);
    } finally {
      this.isReading = false;
    }
  }

  private get id(): string | undefined {
    return this.current?.id ?? this.memory.get<string>(KEY);
  }

  private async readOnce(): Promise<void> {
    const { id, choices } = this;
    const read = id === undefined ? undefined : await this.found(id);
    // The person may have chosen another one in the meantime.
    if (choices === this.choices) {
      this.current = read && { ...read, messages: read.messages.map((one) => this.answers.merged(one)) };
      this.watcher.stands(this.current);
    }
  }

  private async found(id: string): Promise<Conversation | undefined> {
    // One that was deleted meanwhile, in another window perhaps, is not asked for.
    if (!this.isKnown && !(await this.isListed(id))) {
      await this.memory.update(KEY, undefined);
      return undefined;
    }
    this.isKnown = true;
    return this.server.execute<Conversation>("steward.chat.show", { conversationId: id });
  }

  private async isListed(id: string): Promise<boolean> {
    const listed = await this.server.execute<{ id: string }[]>("steward.chat.list", {});
    return listed.some((one) => one.id === id);
  }
}

/** What becomes of it the server knows, once it is back. */
function cutOff(message: ChatMessage): ChatMessage {
  return message.state === "answering"
    ? { ...message, state: "stopped", note: "The server ended. What became of this answer is told when it is back." }
    : message;
}
