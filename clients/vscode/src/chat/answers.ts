/** Answers as they come: their pieces in order, and whether one is missing. */

import type { ChatMessage, ChatPiece } from "./protocol";

/** Knows of each answer under way what has come of it. */
export class Answers {
  private readonly texts = new Map<string, { sequence: number; text: string; last: ChatPiece }>();

  /** Take a piece: `next` is the one that was due, `known` came before, `gap` says that one is missing. */
  take(piece: ChatPiece): "next" | "known" | "gap" {
    const before = this.texts.get(piece.messageId);
    const due = (before?.sequence ?? 0) + 1;
    if (piece.sequence !== due) {
      if (piece.sequence > due) {
        this.texts.delete(piece.messageId);
      }
      return piece.sequence < due ? "known" : "gap";
    }
    const text = (before?.text ?? "") + piece.add;
    this.texts.set(piece.messageId, { sequence: piece.sequence, text, last: piece });
    return "next";
  }

  /**
   * The message as it stands. The server may have written more than it has told of yet: while all
   * pieces are here these are what counts, or the next one would be there twice.
   */
  merged(message: ChatMessage): ChatMessage {
    const own = this.texts.get(message.id);
    if (message.author === "person" || message.state !== "answering") {
      this.texts.delete(message.id);
      return message;
    }
    if (own) {
      const { state, note, runId, cost } = own.last;
      return { ...message, text: own.text, state, note, runId, cost };
    }
    if (message.sequence !== undefined) {
      this.begin(message, message.sequence);
    }
    return message;
  }

  /** What has come of an answer under way. */
  textOf(messageId: string): string | undefined {
    return this.texts.get(messageId)?.text;
  }

  /** Forget everything; the server is another one. */
  clear(): void {
    this.texts.clear();
  }

  private begin(message: ChatMessage, sequence: number): void {
    const { id, state, note, runId, cost } = message;
    const last = { conversationId: "", messageId: id, sequence, add: "", state, note, runId, step: "", cost };
    this.texts.set(id, { sequence, text: message.text, last });
  }
}
