/** What goes along with the next question: only what the page shows, and all of it. */

import { createHash } from "node:crypto";
import * as vscode from "vscode";
import { placeInFront, type Pointed } from "./pointing";
import type { Attachment, Chip } from "./protocol";

/** The most that can go along with a question. */
const CHIPS_MAX = 20;

/** Where the cursor is. */
interface Place {
  key: string;
  title: string;
  uri: vscode.Uri;
  range: vscode.Selection;
}

/** What goes along, as the server is told of it. */
export interface Along {
  mentions: string[];
  attachments: Attachment[];
  place: { uri: vscode.Uri; range: vscode.Selection } | undefined;
}

/** Keeps what was pointed at until it is sent or taken away. */
export class Chips implements vscode.Disposable {
  private readonly pointed = new Map<string, Pointed>();
  private place = current();
  private hasPlace = true;
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly listening = vscode.Disposable.from(
    vscode.window.onDidChangeActiveTextEditor(() => this.follow()),
    vscode.window.onDidChangeTextEditorSelection(() => this.follow()),
  );

  /** Everything, ready to show. */
  all(): Chip[] {
    const place = this.hasPlace && this.place;
    const first: Chip[] = place
      ? [{ key: place.key, kind: "place", title: place.title, detail: "where the cursor is" }]
      : [];
    return [...first, ...[...this.pointed].map(([key, pointed]) => chip(key, pointed))];
  }

  /** Have it go along. Throws when there is too much already. */
  add(pointed: Pointed): void {
    if (this.pointed.size >= CHIPS_MAX) {
      throw new Error(`no more than ${CHIPS_MAX} things go along with a question. Take one away first.`);
    }
    this.pointed.set(keyOf(pointed), pointed);
    this.changed.fire();
  }

  /** Have the place of the cursor go along again. */
  addPlace(): void {
    this.hasPlace = true;
    this.place = current();
    if (!this.place) {
      throw new Error("the cursor is in no file of the open folders.");
    }
    this.changed.fire();
  }

  remove(key: string): void {
    if (key === this.place?.key) {
      this.hasPlace = false;
    }
    this.pointed.delete(key);
    this.changed.fire();
  }

  /** What stands behind a chip: a mention, a text, or the place. */
  get(key: string): Pointed | Place | undefined {
    return this.pointed.get(key) ?? (key === this.place?.key ? this.place : undefined);
  }

  /** What goes along of what the person saw; what has changed since under another key does not. */
  along(keys: string[]): Along {
    const seen = keys.flatMap((key) => this.pointed.get(key) ?? []);
    const place = this.hasPlace && this.place && keys.includes(this.place.key) ? this.place : undefined;
    return {
      mentions: seen.flatMap((one) => ("mention" in one ? [one.mention] : [])),
      attachments: seen.flatMap((one) => ("attachment" in one ? [one.attachment] : [])),
      place: place && { uri: place.uri, range: place.range },
    };
  }

  /** These have been sent. */
  clear(keys: string[]): void {
    for (const key of keys) {
      this.pointed.delete(key);
    }
    this.changed.fire();
  }

  dispose(): void {
    this.listening.dispose();
  }

  private follow(): void {
    const place = current();
    if (place?.key !== this.place?.key) {
      this.place = place;
      this.changed.fire();
    }
  }
}

function current(): Place | undefined {
  const place = placeInFront();
  const { start, end } = place?.range ?? {};
  return place && { ...place, key: `place ${place.uri} ${start?.line}:${start?.character}-${end?.line}:${end?.character}` };
}

function keyOf(pointed: Pointed): string {
  if ("mention" in pointed) {
    return `mention ${pointed.mention}`;
  }
  const { kind, title, text } = pointed.attachment;
  return `${kind} ${title} ${createHash("sha256").update(text).digest("hex")}`;
}

function chip(key: string, pointed: Pointed): Chip {
  if ("mention" in pointed) {
    return { key, kind: "mention", title: pointed.mention, detail: "" };
  }
  const { kind, title, text } = pointed.attachment;
  return { key, kind, title, detail: `${text.length} characters` };
}
