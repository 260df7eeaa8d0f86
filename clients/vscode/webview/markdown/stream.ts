/** Markdown that streams: what has come is put on the screen in slices, so that the page stays quick. */

import { Blocks, type Holder } from "./blocks";

/** How much of a line may be needed to say what it is; what is longer is a paragraph. */
const HEAD_CHARS = 2000;
/** The most that is taken at once. */
const PIECE_CHARS = 2000;

/** A text that comes in pieces, and the elements that it becomes. */
export class MarkdownStream {
  /** What has come; what is before `at` is on the screen. */
  private text = "";
  private at = 0;
  private isInLine = false;
  private isOver = false;
  private readonly blocks: Blocks;

  constructor(root: HTMLElement, holder: Holder) {
    this.blocks = new Blocks(root, holder);
  }

  /** Take more of the text. */
  feed(text: string): void {
    this.text = this.text.slice(this.at) + text;
    this.at = 0;
  }

  /** Nothing more comes. */
  finish(): void {
    this.isOver = true;
  }

  /** Work until `isEnough` says so; false when there is nothing left to do for now. */
  work(isEnough: (chars: number) => boolean): boolean {
    const from = this.at;
    let isMore = true;
    while (isMore && !isEnough(this.at - from)) {
      isMore = this.isInLine ? this.goOn() : this.begin();
    }
    if (!isMore && this.isOver) {
      this.blocks.close();
    }
    this.blocks.draw();
    return isMore;
  }

  private begin(): boolean {
    const line = this.text.slice(this.at, this.at + HEAD_CHARS + 1);
    const end = line.indexOf("\n");
    const isWhole = end >= 0 || (this.isOver && line.length <= HEAD_CHARS);
    const head = (end >= 0 ? line.slice(0, end) : line.slice(0, HEAD_CHARS)).replace(/\r$/, "");
    const isEmpty = line === "" || (!isWhole && head === "");
    if (isEmpty || !(isWhole || line.length > HEAD_CHARS || this.blocks.isDecided(head))) {
      return false;
    }
    this.blocks.begin(head, isWhole);
    // A carriage return at the end of what has come may belong to the line's end.
    this.at += end >= 0 ? end : head.length;
    this.isInLine = true;
    return true;
  }

  private goOn(): boolean {
    const end = this.text.indexOf("\n", this.at);
    const isEnd = end === this.at || (end === this.at + 1 && this.text.charAt(this.at) === "\r");
    if (isEnd) {
      this.blocks.end();
      this.at = end + 1;
      this.isInLine = false;
      return true;
    }
    const limit = Math.min(end < 0 ? this.text.length : end, this.at + PIECE_CHARS);
    const piece = this.text.slice(this.at, limit).replace(/\r$/, "");
    this.blocks.add(piece);
    this.at += piece.length;
    return piece !== "";
  }
}
