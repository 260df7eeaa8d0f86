/** What stands inside a paragraph: emphasis, code and links, as elements. */

import { button, make, shown } from "../elements";

/** What the links of a text may lead to, and how one is followed. */
export interface Links {
  /** One that leads nowhere is shown as it was written. */
  leads(target: string): boolean;
  /** Open what a link points to, once the person has said so. */
  open(target: string): void;
}

/** Whether a link leads to a page of the web. */
export function isWeb(target: string): boolean {
  return /^https?:\/\/[^\s/]/i.test(target);
}

interface Frame {
  mark: string;
  inside: Node[];
}

/** As deep as emphasis goes into itself. */
const DEPTH_MAX = 12;

// Each of these looks at a character once, whatever a model writes.
const PLAIN = /[^\\`*_~[!\n ]+(?: [^\\`*_~[!\n ]+)*| +/y;
const LINK =
  /\[((?:[^[\]\\\n]|\\.)*)\]\(\s*<?([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:\s+(?:"[^"\n]*"|'[^'\n]*'))?\s*\)/y;
const BREAK = /(?: {2,}|\\)\n/y;
const TICKS = /`+/y;
const MARKS = /\*{1,3}|_{1,3}|~~/y;
const ESCAPED = /\\[!-/:-@[-`{-~]/y;

const NAMES: Record<string, readonly ("strong" | "em" | "s")[]> = {
  "*": ["em"],
  "**": ["strong"],
  "***": ["strong", "em"],
  _: ["em"],
  __: ["strong"],
  ___: ["strong", "em"],
  "~~": ["s"],
};

/** The nodes of a text without blocks in it. */
export function inline(text: string, links: Links): Node[] {
  return new Inline(text, links).read();
}

class Inline {
  private at = 0;
  private readonly frames: Frame[] = [{ mark: "", inside: [] }];
  /** Runs of backticks that nothing closes, by their length: they are not looked for again. */
  private readonly unclosed = new Set<number>();

  constructor(
    private readonly text: string,
    private readonly links: Links,
  ) {}

  read(): Node[] {
    while (this.at < this.text.length) {
      this.next();
    }
    while (this.frames.length > 1) {
      this.flatten();
    }
    return this.frames[0]?.inside ?? [];
  }

  private next(): void {
    if (this.match(BREAK)) {
      this.put(make("br"));
      return;
    }
    const plain = this.match(PLAIN);
    if (plain) {
      this.say(plain[0]);
    } else if (!this.escape() && !this.code() && !this.image() && !this.link() && !this.emphasis()) {
      this.say(this.text.charAt(this.at));
      this.at += 1;
    }
  }

  private escape(): boolean {
    const found = this.match(ESCAPED);
    if (found) {
      this.say(found[0].slice(1));
    }
    return found !== null;
  }

  private code(): boolean {
    const ticks = this.match(TICKS)?.[0];
    if (ticks === undefined) {
      return false;
    }
    const end = this.unclosed.has(ticks.length) ? -1 : closing(this.text, this.at, ticks.length);
    if (end < 0) {
      this.unclosed.add(ticks.length);
      this.say(ticks);
    } else {
      const inside = this.text.slice(this.at, end).replaceAll("\n", " ");
      const isPadded = /^ .*[^ ].* $/.test(inside);
      this.put(make("code", {}, ...shown(isPadded ? inside.slice(1, -1) : inside, true)));
      this.at = end + ticks.length;
    }
    return true;
  }

  /** A picture is never fetched: what stands there is shown as it was written. */
  private image(): boolean {
    if (!this.text.startsWith("![", this.at)) {
      return false;
    }
    this.at += 1;
    const found = this.match(LINK);
    this.say(`!${found?.[0] ?? ""}`);
    return true;
  }

  /** A link shows where it leads; one that leads elsewhere than it may is only shown. */
  private link(): boolean {
    const found = this.match(LINK);
    if (!found) {
      return false;
    }
    const [whole, words = "", target = ""] = found;
    if (!this.links.leads(target)) {
      this.say(whole);
      return true;
    }
    const pressed = button(words || target, () => this.links.open(target), { class: "link" });
    this.put(make("span", {}, pressed, ...(words && words !== target ? shown(` (${target})`) : [])));
    return true;
  }

  private emphasis(): boolean {
    const mark = this.match(MARKS)?.[0];
    if (mark === undefined) {
      return false;
    }
    const before = this.text.charAt(this.at - mark.length - 1);
    const after = this.text.charAt(this.at);
    const isWord = mark.startsWith("_");
    const mayClose = /\S/.test(before) && !(isWord && /[\p{L}\p{N}]/u.test(after));
    const mayOpen = /\S/.test(after) && !(isWord && /[\p{L}\p{N}]/u.test(before));
    if (mayClose && this.frames.some((frame) => frame.mark === mark)) {
      this.close(mark);
    } else if (mayOpen && this.frames.length <= DEPTH_MAX) {
      this.frames.push({ mark, inside: [] });
    } else {
      this.say(mark);
    }
    return true;
  }

  private close(mark: string): void {
    while (this.frames.at(-1)?.mark !== mark) {
      this.flatten();
    }
    const inside = this.frames.pop()?.inside ?? [];
    const names = NAMES[mark] ?? [];
    const wrapped = names.reduceRight<Node[]>((nodes, name) => [make(name, {}, ...nodes)], inside);
    wrapped.forEach((node) => this.put(node));
  }

  /** What was opened and never closed is the mark itself. */
  private flatten(): void {
    const frame = this.frames.pop();
    if (frame) {
      this.say(frame.mark);
      frame.inside.forEach((node) => this.put(node));
    }
  }

  private say(text: string): void {
    shown(text).forEach((node) => this.put(node));
  }

  private put(node: Node): void {
    const inside = this.frames.at(-1)?.inside;
    const last = inside?.at(-1);
    if (node instanceof Text && last instanceof Text) {
      last.appendData(node.data);
    } else {
      inside?.push(node);
    }
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) {
      this.at = pattern.lastIndex;
    }
    return found;
  }
}

function closing(text: string, from: number, length: number): number {
  for (const run of text.slice(from).matchAll(/`+/g)) {
    if (run[0].length === length) {
      return from + run.index;
    }
  }
  return -1;
}
