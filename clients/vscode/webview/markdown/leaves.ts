/** The blocks that hold text: each takes text as it comes, and draws no more than what is new. */

import { make, shown } from "../elements";
import { inline, type Links } from "./inline";

/** What a block can do with the text that comes. */
export interface Leaf {
  /** Take more of the line. */
  add(text: string): void;
  /** Bring what was taken onto the screen, if that has not happened. */
  draw(): void;
  /** Nothing more comes. */
  close(): void;
}

/** What a code block is to the page around it. */
export interface CodeBlock {
  /** On which line of the text it begins, from nought. */
  line: number;
  /** What it is called on the page. */
  name: string;
  /** The text as it was written, which is not always what is shown. */
  text(): string;
  /** Where what can be done with it is put. */
  actions: HTMLElement;
}

/** The longest paragraph that is drawn in one piece: all of it is drawn again with each frame. */
const PARAGRAPH_CHARS = 2000;
/** The most characters of code that are laid out again when more come. */
const CHUNK_CHARS = 4000;
const CHUNK_LINES = 80;
const TABLE_ROWS = 50;
const TABLE_COLUMNS = 20;

/** A paragraph. One that does not end goes on in a second one that looks like the first. */
export class Prose implements Leaf {
  text = "";
  private isDrawn = true;

  constructor(
    private element: HTMLElement,
    private readonly links: Links,
  ) {}

  add(text: string): void {
    this.text += text;
    this.isDrawn = false;
    while (this.text.length > PARAGRAPH_CHARS) {
      this.split();
    }
  }

  draw(): void {
    if (!this.isDrawn) {
      this.element.replaceChildren(...inline(this.text.trimEnd(), this.links));
      this.isDrawn = true;
    }
  }

  close(): void {
    this.draw();
  }

  /** Take the paragraph away: it was the first line of something else. */
  remove(): void {
    this.element.remove();
  }

  private split(): void {
    const blank = this.text.lastIndexOf(" ", PARAGRAPH_CHARS);
    const end = whole(this.text, blank > PARAGRAPH_CHARS / 2 ? blank : PARAGRAPH_CHARS);
    const rest = this.text.slice(end);
    this.text = this.text.slice(0, end);
    this.isDrawn = false;
    this.draw();
    const next = make("p");
    this.element.classList.add("goes-on");
    this.element.after(next);
    this.element = next;
    this.text = rest;
    this.isDrawn = false;
  }
}

/** Prose of one line, whatever follows. */
export class Heading extends Prose {}

/** Code between fences, in chunks that are laid out each on its own. */
export class Code implements Leaf, CodeBlock {
  readonly actions = make("span", { class: "code-actions" });
  readonly line: number;
  readonly name: string;
  private readonly pieces: string[] = [];
  private readonly code = make("code");
  private chunk = make("span", { class: "chunk" });
  private chars = 0;
  private lines = 0;

  constructor(
    parent: HTMLElement,
    { number, line }: { number: number; line: number },
    language: string,
    /** What a line must consist of to end it, and how far it is indented, which its lines may be too. */
    readonly fence: { sign: string; indent: number },
    private readonly closed: (block: CodeBlock) => void,
  ) {
    this.line = line;
    this.name = `code block ${number + 1}`;
    const name = `Code block ${number + 1}${language ? `, ${language}` : ""}`;
    const head = make("div", { class: "code-head" }, make("span", { class: "language" }, language), this.actions);
    // What is wider than the view is scrolled by keyboard too.
    const body = make("pre", { tabindex: "0", "aria-label": name }, this.code);
    this.code.append(this.chunk);
    parent.append(make("div", { class: "code", role: "group", "aria-label": name }, head, body));
  }

  add(text: string): void {
    this.pieces.push(text);
    let at = 0;
    while (at < text.length) {
      const room = Math.max(1, CHUNK_CHARS - this.chars);
      const line = text.indexOf("\n", at);
      const isLine = line >= 0 && line - at < room;
      const end = isLine ? line + 1 : whole(text, Math.min(text.length, at + room));
      this.write(text.slice(at, end), isLine);
      at = end;
    }
  }

  draw(): void {
    // What is added is on the screen at once.
  }

  close(): void {
    this.closed(this);
  }

  text(): string {
    return this.pieces.join("").replace(/\n$/, "");
  }

  private write(text: string, isLine: boolean): void {
    this.chunk.append(...shown(text, true));
    this.chunk.normalize();
    this.chars += text.length;
    this.lines += isLine ? 1 : 0;
    if (this.chars >= CHUNK_CHARS || this.lines >= CHUNK_LINES) {
      this.chunk = make("span", { class: "chunk" });
      this.code.append(this.chunk);
      this.chars = 0;
      this.lines = 0;
    }
  }
}

/** A table, a row a line. A long one is several below each other, so that none is laid out for long. */
export class Table implements Leaf {
  private body = make("tbody");
  private rows = 0;
  private row = "";
  private readonly columns: number;

  constructor(
    private readonly parent: HTMLElement,
    private readonly head: string[],
    private readonly links: Links,
  ) {
    this.columns = Math.min(head.length, TABLE_COLUMNS);
    this.begin();
  }

  add(text: string): void {
    this.row += text;
  }

  /** The line is over. */
  endRow(): void {
    if (this.row === "") {
      return;
    }
    const cells = atMost(cellsOf(this.row), this.columns);
    this.row = "";
    const row = make("tr", {}, ...cells.map((cell) => make("td", {}, ...inline(cell, this.links))));
    if (this.rows >= TABLE_ROWS) {
      this.begin();
    }
    this.body.append(row);
    this.rows += 1;
  }

  draw(): void {
    // A row is drawn when its line is over.
  }

  close(): void {
    this.endRow();
  }

  private begin(): void {
    const head = make("tr", {}, ...atMost(this.head, this.columns).map((cell) => make("th", { scope: "col" }, ...inline(cell, this.links))));
    this.body = make("tbody");
    this.rows = 0;
    const table = make("table", {}, make("thead", {}, head), this.body);
    this.parent.append(make("div", { class: "table", tabindex: "0", role: "group", "aria-label": "Table" }, table));
  }
}

/** The cells of a row, without the lines around it. */
export function cellsOf(row: string): string[] {
  const inside = row.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inside.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** So many cells; what is beyond them stands in the last. */
function atMost(cells: string[], count: number): string[] {
  const rest = cells.slice(count - 1).join(" | ");
  return Array.from({ length: count }, (_, index) => (index === count - 1 ? rest : (cells[index] ?? "")));
}

/** The nearest place before `end` that is not in the middle of a character. */
function whole(text: string, end: number): number {
  const isInside = /[\ud800-\udbff]/.test(text.charAt(end - 1)) && end > 1 && end < text.length;
  return isInside ? end - 1 : end;
}
