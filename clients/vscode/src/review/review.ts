/** What a person has decided so far of one proposal: which hunks they keep, and what they say. */

import * as vscode from "vscode";
import { reasonMax } from "../agreed";
import type { Answer, AskParams, Hunk } from "../protocol";
import type { Piece, Place } from "./pieces";

/** Runs a command of the server. */
export type Execute = <T>(command: string, ...args: object[]) => Promise<T>;

/** Marks of these kinds are in the title of a proposal anyway. */
const wholeFile = new Set(["create", "rename", "delete"]);

/** The decisions of a review, by the ids of hunks; ids stay the same where a hunk does. */
export interface Decisions {
  rejected: ReadonlySet<string>;
  /** What is said of a hunk to the agent. */
  comments: ReadonlyMap<string, string>;
}

/** One proposal under review. Nothing in here changes a file: it is what an answer is made of. */
export class Review {
  private readonly rejected: Set<string>;
  private readonly comments: Map<string, string>;
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private answered = false;
  /** How many decisions about an earlier state of the proposal hold for this one. */
  readonly carried: number;

  constructor(
    readonly question: AskParams,
    readonly pieces: readonly Piece[],
    readonly places: readonly Place[],
    before: Decisions | undefined,
    private readonly execute: Execute,
  ) {
    const ids = new Set(pieces.map(({ hunk }) => hunk.id));
    this.rejected = new Set([...(before?.rejected ?? [])].filter((id) => ids.has(id)));
    this.comments = new Map([...(before?.comments ?? [])].filter(([id]) => ids.has(id)));
    this.carried = new Set([...this.rejected, ...this.comments.keys()]).size;
  }

  /** Whether hunks may be kept apart; else it is all or nothing. */
  get isChoice(): boolean {
    return this.question.takes.includes("choice");
  }

  get decisions(): Decisions {
    return { rejected: this.rejected, comments: this.comments };
  }

  isKept(id: string): boolean {
    return !this.rejected.has(id);
  }

  /** What was said of a hunk; empty where nothing was. */
  saidOf(id: string): string {
    return this.comments.get(id) ?? "";
  }

  /** Keep these hunks, or reject them. */
  decide(ids: readonly string[], keep: boolean): void {
    for (const id of ids) {
      keep ? this.rejected.delete(id) : this.rejected.add(id);
    }
    this.changed.fire();
  }

  /** Say this of a hunk to the agent, in place of what was said before; empty takes it back. */
  say(id: string, text: string): void {
    text === "" ? this.comments.delete(id) : this.comments.set(id, text);
    this.changed.fire();
  }

  /** The ids of the hunks that are kept, in the order of the question. */
  kept(): string[] {
    return (this.question.hunks ?? []).map(({ id }) => id).filter((id) => this.isKept(id));
  }

  /** Whether nothing is rejected. */
  get isAllKept(): boolean {
    return this.rejected.size === 0;
  }

  /** Whether the person has answered here, and the server is about to do what they said. */
  get isAnswered(): boolean {
    return this.answered;
  }

  /** Answer the server's question. What was decided is worth nothing for another text than this. */
  async answer(answer: Answer): Promise<void> {
    const { id, digest } = this.question;
    // Before the server has heard it: it may take the diff away before it says so.
    this.answered = true;
    try {
      await this.execute("steward.answer", { id, digest, ...answer });
    } catch (error) {
      this.answered = false;
      throw error;
    }
  }

  /** What a person should know before they look, in sentences. */
  news(): string[] {
    const hunks = this.carried === 1 ? "hunk" : "hunks";
    const held = this.carried === 0 ? [] : [`What you decided of ${this.carried} unchanged ${hunks} still holds`];
    const careful = this.places.filter(({ mark }) => !wholeFile.has(mark.kind));
    const [first] = careful;
    if (!first) {
      return held;
    }
    const { file, line, text } = first.mark;
    const more = careful.length === 1 ? "" : ` And ${careful.length - 1} more, marked in the diff`;
    return [...held, `Careful: ${file}${line === null ? "" : `, line ${line}`}: ${text}${more}`];
  }

  /** How it stands, in words. */
  summary(): string {
    const all = this.pieces.length;
    const kept = this.pieces.filter(({ hunk }) => this.isKept(hunk.id)).length;
    const said = this.comments.size;
    const comments = said === 0 ? "" : `, ${said} ${said === 1 ? "comment" : "comments"}`;
    return `${kept} of ${all} ${all === 1 ? "hunk" : "hunks"} kept${comments}`;
  }

  /** The comments as the agent is told them: each after the hunk it is about. */
  reason(): string {
    const said = this.pieces.filter(({ hunk }) => this.comments.has(hunk.id));
    return said.map(({ hunk }) => `${placeOf(hunk)}${this.saidOf(hunk.id)}`).join("\n");
  }

  /** How many characters can still be said: of this hunk, or of the proposal as a whole. */
  room(hunk?: Hunk): number {
    const others = this.reason().length + "\n".length;
    if (!hunk) {
      return Math.max(0, reasonMax - others);
    }
    const own = placeOf(hunk).length;
    const before = this.comments.has(hunk.id) ? own + this.saidOf(hunk.id).length : 0;
    return Math.max(0, reasonMax - others - own + before);
  }
}

function placeOf({ file, header }: Hunk): string {
  return `${file} ${header}: `;
}
