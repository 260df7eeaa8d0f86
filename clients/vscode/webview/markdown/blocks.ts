/**
 * Markdown as it comes, line by line: a line is looked at once, and only the last block changes.
 *
 * What is understood: headings, paragraphs, lists, quotes, fenced code, tables, rules. Everything
 * else is text, HTML and pictures among it.
 */

import { make } from "../elements";
import type { Links } from "./inline";
import { cellsOf, Code, type CodeBlock, Heading, type Leaf, Prose, Table } from "./leaves";

/** What the page does with what a text holds. */
export interface Holder {
  links: Links;
  /** A code block is complete. */
  closed(block: CodeBlock): void;
}

interface Container {
  element: HTMLElement;
  /** How far what belongs to a list's entry is indented; a quote has its sign instead. */
  indent: number | "quote";
}

/** As deep as quotes and lists go into each other; further signs are text. */
const DEPTH_MAX = 12;

/** After so many blocks, or so long a list, a new section begins; a list goes on in another there. */
const SECTION_BLOCKS = 20;
const LIST_ENTRIES = 30;

// However far it is indented: a model often indents more or less than its lists do.
const FENCE = /^( *)(`{3,}|~{3,})[ \t]*([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+|$)/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const ENTRY = /^( *)([-*+]|\d{1,9}[.)])(?:[ \t]+|$)/;
const QUOTE = /^ {0,3}> ?/;
const DELIMITERS = /^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

/** Makes elements of lines. */
export class Blocks {
  private readonly containers: Container[] = [];
  private leaf: Leaf | undefined;
  private codes = 0;
  /** Of the text, from nought. */
  private line = -1;
  private section: HTMLElement;
  /** Of the last heading, as it is read out; that of the message is the second. */
  private level = 2;
  /** False in the line that opens a code block, which is none of the code's own. */
  private hasBegun = true;

  constructor(
    private readonly root: HTMLElement,
    private readonly holder: Holder,
  ) {
    this.section = this.begunSection();
  }

  /**
   * Whether the beginning of a line says what the line is. Otherwise more of it is needed: it may
   * be a fence, or the row of a table.
   */
  isDecided(head: string): boolean {
    if (this.leaf instanceof Code) {
      const line = head.replace(/^[ \t>]+/, "");
      return line !== "" && !line.startsWith(this.leaf.fence.sign.charAt(0));
    }
    const own = head.replace(/^(?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*/, "");
    const mayBeWhole = /^(?:`{1,2}$|```|~{1,2}$|~~~|\|)/.test(own);
    return !(this.leaf instanceof Table) && !mayBeWhole && /[^\s>#*+\-_\d.)=~`|:]/.test(own);
  }

  /** A line begins with `head`, which is all of it where `isWhole`. */
  begin(head: string, isWhole: boolean): void {
    this.line += 1;
    this.beginLine(head, isWhole);
  }

  /** More of the line. */
  add(text: string): void {
    this.leaf?.add(text);
  }

  /** The line is over. */
  end(): void {
    if (this.leaf instanceof Table) {
      this.leaf.endRow();
    } else if (this.leaf instanceof Code && this.hasBegun) {
      this.leaf.add("\n");
    }
    this.hasBegun = true;
  }

  /** Bring everything onto the screen. */
  draw(): void {
    this.leaf?.draw();
  }

  /** The text is over. */
  close(): void {
    this.closeLeaf();
    this.containers.length = 0;
  }

  private beginLine(head: string, isWhole: boolean): void {
    const line = head.replace(/^[ \t]+/, (blanks) => blanks.replaceAll("\t", "    "));
    if (this.leaf instanceof Code) {
      this.inCode(this.leaf, { head, line }, isWhole);
      return;
    }
    const { rest, count } = this.matched(line);
    if (rest.trim() === "") {
      this.blank(count);
    } else if (count < this.containers.length && this.paragraph && !beginsBlock(rest)) {
      this.paragraph.add(`\n${rest.trimStart()}`);
    } else {
      this.leaveTo(count);
      this.leaveSection();
      this.beginLeaf(this.enter(rest), isWhole);
    }
  }

  /** `head`: the line with its tabs, which are the code's own where nothing is taken off before them. */
  private inCode(code: Code, { head, line }: { head: string; line: string }, isWhole: boolean): void {
    let rest = line;
    for (const { indent } of this.containers) {
      // A model often forgets to indent code in a list: there it belongs to the entry all the same.
      const sign = indent === "quote" ? QUOTE.exec(rest)?.[0] : rest.slice(0, indent).match(/^ */)?.[0];
      if (sign === undefined) {
        this.closeLeaf();
        this.beginLine(line, isWhole);
        return;
      }
      rest = rest.slice(sign.length);
    }
    const { sign, indent } = code.fence;
    const end = rest.trim();
    if (isWhole && end.length >= sign.length && end === sign.charAt(0).repeat(end.length)) {
      this.closeLeaf();
    } else {
      const own = rest.slice(/^ */.exec(rest.slice(0, indent))?.[0].length);
      code.add(own === line ? head : own);
    }
  }

  /** The rest of a line behind the signs of the containers that go on in it, and how many do. */
  private matched(line: string): { rest: string; count: number } {
    let rest = line;
    let count = 0;
    for (const { indent } of this.containers) {
      const sign = indent === "quote" ? QUOTE.exec(rest)?.[0] : entryIndent(rest, indent);
      if (sign === undefined) {
        break;
      }
      rest = rest.slice(sign.length);
      count += 1;
    }
    return { rest, count };
  }

  private blank(count: number): void {
    this.closeLeaf();
    // An empty line ends a quote; what stands in a list may go on behind it.
    const quote = this.containers.findIndex(({ indent }, index) => index >= count && indent === "quote");
    if (quote >= 0) {
      this.leaveTo(quote);
    }
  }

  private leaveTo(count: number): void {
    if (count < this.containers.length) {
      this.closeLeaf();
      this.containers.length = count;
    }
  }

  /** What is out of view is not laid out, a section at a time; so none may grow without end. */
  private leaveSection(): void {
    const last = this.section.lastElementChild;
    const isFull = this.section.childElementCount >= SECTION_BLOCKS || (last?.childElementCount ?? 0) >= LIST_ENTRIES;
    if (this.containers.length === 0 && isFull && !this.paragraph && !(this.leaf instanceof Table)) {
      this.section = this.begunSection();
    }
  }

  /** Begin the quotes and lists that a line begins; gives what is behind their signs. */
  private enter(line: string): string {
    let rest = line;
    while (this.containers.length < DEPTH_MAX && !RULE.test(rest)) {
      const quote = QUOTE.exec(rest)?.[0];
      const entry = quote === undefined ? ENTRY.exec(rest) : null;
      if (quote !== undefined) {
        this.put("quote", make("blockquote"));
        rest = rest.slice(quote.length);
      } else if (entry) {
        this.beginEntry(entry[2] ?? "-", (entry[1] ?? "").length + 2);
        rest = rest.slice(entry[0].length);
      } else {
        break;
      }
    }
    return rest;
  }

  private beginEntry(mark: string, indent: number): void {
    this.closeLeaf();
    const tag = /^\d/.test(mark) ? "ol" : "ul";
    const last = this.here.lastElementChild;
    const isSame = last?.localName === tag && last.getAttribute("data-sign") === mark.at(-1);
    const list = isSame ? (last as HTMLElement) : make(tag, { "data-sign": mark.at(-1) ?? "" });
    if (!isSame) {
      if (tag === "ol" && mark.slice(0, -1) !== "1") {
        list.setAttribute("start", String(Number(mark.slice(0, -1))));
      }
      this.here.append(list);
    }
    const entry = make("li");
    list.append(entry);
    this.containers.push({ element: entry, indent });
  }

  private put(indent: "quote", element: HTMLElement): void {
    this.closeLeaf();
    this.here.append(element);
    this.containers.push({ element, indent });
  }

  private beginLeaf(rest: string, isWhole: boolean): void {
    const fence = isWhole ? FENCE.exec(rest) : null;
    const heading = HEADING.exec(rest);
    if (fence?.[2]) {
      this.beginCode({ sign: fence[2], indent: fence[1]?.length ?? 0 }, fence[3] ?? "");
    } else if (heading?.[1]) {
      this.beginHeading(heading[1].length, rest.slice(heading[0].length), isWhole);
    } else if (isWhole && RULE.test(rest)) {
      this.closeLeaf();
      this.here.append(make("hr"));
    } else if (isWhole && this.leaf instanceof Table && rest.includes("|")) {
      this.leaf.add(rest);
    } else if (isWhole && this.paragraph && isHeadOf(this.paragraph.text, rest)) {
      this.beginTable(this.paragraph);
    } else if (rest.trim() !== "") {
      this.beginProse(rest);
    }
  }

  private beginCode(fence: { sign: string; indent: number }, info: string): void {
    this.closeLeaf();
    const language = info.trim().slice(0, 80);
    this.leaf = new Code(this.here, { number: this.codes, line: this.line }, language, fence, (block) => this.holder.closed(block));
    this.codes += 1;
    this.hasBegun = false;
  }

  private beginHeading(level: number, rest: string, isWhole: boolean): void {
    this.closeLeaf();
    // The author's name above a message is its heading. What is in it stands below, none left out.
    this.level = Math.min(level + 2, this.level + 1, 6);
    const element = make("h3", { class: `level-${level}`, "aria-level": String(this.level) });
    this.here.append(element);
    const leaf = new Heading(element, this.holder.links);
    this.leaf = leaf;
    leaf.add(isWhole ? rest.replace(/[ \t]+#+[ \t]*$/, "") : rest);
  }

  private beginTable(head: Prose): void {
    head.remove();
    this.leaf = new Table(this.here, cellsOf(head.text), this.holder.links);
  }

  private beginProse(rest: string): void {
    if (this.paragraph) {
      this.paragraph.add(`\n${rest.trimStart()}`);
      return;
    }
    this.closeLeaf();
    const element = make("p");
    this.here.append(element);
    const leaf = new Prose(element, this.holder.links);
    this.leaf = leaf;
    leaf.add(rest.trimStart());
  }

  private closeLeaf(): void {
    const leaf = this.leaf;
    this.leaf = undefined;
    leaf?.close();
  }

  /** The open paragraph, where there is one. */
  private get paragraph(): Prose | undefined {
    return this.leaf instanceof Prose && !(this.leaf instanceof Heading) ? this.leaf : undefined;
  }

  private get here(): HTMLElement {
    return this.containers.at(-1)?.element ?? this.section;
  }

  private begunSection(): HTMLElement {
    const section = make("div", { class: "section" });
    this.root.append(section);
    return section;
  }
}

/** The indentation of a line that belongs to an entry; an empty line belongs to any. */
function entryIndent(line: string, indent: number): string | undefined {
  if (line.trim() === "") {
    return "";
  }
  return /^ */.exec(line.slice(0, indent))?.[0].length === indent ? line.slice(0, indent) : undefined;
}

function beginsBlock(line: string): boolean {
  return [FENCE, HEADING, RULE, ENTRY, QUOTE].some((pattern) => pattern.test(line));
}

function isHeadOf(head: string, line: string): boolean {
  const isRow = head.includes("|") && !head.includes("\n") && line.includes("-") && DELIMITERS.test(line);
  return isRow && cellsOf(head).length === cellsOf(line).length;
}
