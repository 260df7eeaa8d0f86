/** A block of a panel, as elements: text, a list, a table or a plot. */

import type { Block, Item, PanelWish, TableBlock } from "../../src/extensions/messages";
import { button, make } from "../elements";
import type { Frames } from "../frames";
import { MarkdownStream } from "../markdown/stream";
import { fileOf, whereOf } from "./file";
import { plot } from "./plot";

/** So many rows are drawn at once; the rest when somebody wants it. */
const ROWS = 200;
const NUMBER = /^\s*[-+$€£]?\d[\d,. ]*%?\s*$/;

/** What a block needs of its page. */
export interface Desk {
  frames: Frames;
  wish(wanted: PanelWish): void;
}

/** The elements of a block, its heading first where it has one. */
export function drawn(block: Block, desk: Desk): HTMLElement[] {
  switch (block.kind) {
    case "markdown":
      return [text(block.text, desk)];
    case "list":
      return [...heading(block.title), list(block.items, block.title, desk)];
    case "table":
      return [...heading(block.title), table(block)];
    case "plot":
      return [...heading(block.title), ...plot(block)];
  }
}

function heading(title: string): HTMLElement[] {
  return title === "" ? [] : [make("h2", { "data-key": "title", tabindex: "-1" }, title)];
}

function text(markdown: string, { frames, wish }: Desk): HTMLElement {
  const body = make("div", { class: "text" });
  const stream = new MarkdownStream(body, {
    links: {
      leads: (target) => fileOf(target) !== undefined,
      open: (target) => {
        const file = fileOf(target);
        if (file) {
          wish({ type: "open", ...file });
        }
      },
    },
    closed: () => undefined,
  });
  stream.feed(markdown);
  stream.finish();
  frames.ask((isEnough) => stream.work(isEnough));
  return body;
}

function list(items: Item[], title: string, desk: Desk): HTMLElement {
  const element = make("ul", { class: "items", ...(title === "" ? {} : { "aria-label": title }) });
  const put = (item: Item, index: number): void => element.append(entry(item, index, desk));
  inPortions(items, put, (more) => {
    const last = make("li", {}, more);
    element.append(last);
    return last;
  });
  return element;
}

/** The label opens the file, or runs the command; of both, the command has a button of its own. */
function entry({ label, detail, path, line, command }: Item, index: number, { wish }: Desk): HTMLElement {
  const run = command === null ? undefined : (): void => wish({ type: "run", command });
  const open = path === null ? undefined : (): void => wish({ type: "open", path, line: line ?? 0 });
  const where = path === null ? "" : whereOf(path, line);
  const act = open ?? run;
  const words = label || where || (command ?? "");
  const looks = { class: "link", key: `item ${index}`, ...(act === open && where !== words ? { label: `${words}: opens ${where}` } : {}) };
  return make(
    "li",
    {},
    act ? button(words, act, looks) : words,
    detail === "" ? null : make("span", { class: "detail" }, detail),
    where === "" || where === words ? null : make("span", { class: "where" }, where),
    open && run ? button("Run", run, { label: `Run ${command ?? ""} for ${words}`, key: `run ${index}` }) : null,
  );
}

function table({ title, columns, rows }: TableBlock): HTMLElement {
  const isNumber = columns.map((_, at) => rows.length > 0 && rows.every((row) => NUMBER.test(row[at] ?? "")));
  const looks = (at: number): Record<string, string> => (isNumber[at] ? { class: "number" } : {});
  const head = make("tr", {}, ...columns.map((name, at) => make("th", { scope: "col", ...looks(at) }, name)));
  const body = make("tbody");
  const width = (row: string[]): number => Math.max(columns.length, row.length);
  const put = (row: string[]): void => {
    const cells = Array.from({ length: width(row) }, (_, at) => make("td", looks(at), row[at] ?? ""));
    body.append(make("tr", {}, ...cells));
  };
  inPortions(rows, put, (more) => {
    const cell = make("td", { colspan: String(columns.length) }, more);
    const last = make("tr", {}, cell);
    body.append(last);
    return last;
  });
  // What is wider than the page is scrolled by keyboard too.
  const around = { class: "table", role: "group", "aria-label": title || "Table", tabindex: "0" };
  return make("div", around, make("table", {}, make("thead", {}, head), body));
}

/** Draw the first rows, and where there are more a button that draws the next; `place` puts it down. */
function inPortions<T>(all: T[], put: (one: T, index: number) => void, place: (more: HTMLElement) => HTMLElement): void {
  const drawFrom = (from: number): void => {
    all.slice(from, from + ROWS).forEach((one, index) => put(one, from + index));
    const left = all.length - from - ROWS;
    if (left > 0) {
      const more = button(`Show ${Math.min(left, ROWS)} of ${left} more`, () => {
        const before = held.previousElementSibling;
        held.remove();
        drawFrom(from + ROWS);
        // Who came by keyboard goes on where the new rows begin.
        const next = before?.nextElementSibling?.querySelector("button") ?? before?.closest<HTMLElement>("[tabindex]");
        next?.focus();
      });
      const held = place(more);
    }
  };
  drawFrom(0);
}
