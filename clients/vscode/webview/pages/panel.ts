/** The page of an extension's panel: what it gives as data, drawn by us. */

import type { Block, PanelPage, PanelWish } from "../../src/extensions/messages";
import { make, shown } from "../elements";
import { drawn } from "../panel/block";
import { Frames } from "../frames";
import { host, onMessage } from "../host";
import { redraw } from "../redraw";

const root = document.getElementById("root") as HTMLElement;
const title = make("h1");
const whose = make("p", { class: "whose" });
const notice = make("p", { class: "notice", role: "status" });
const blocks = make("div");
const spoken = make("div", { class: "spoken", role: "status", "aria-live": "polite" });
notice.hidden = true;

const desk = {
  frames: new Frames(() => undefined),
  wish(wanted: PanelWish): void {
    host.postMessage(wanted);
  },
};

/** What each block shows, as text: one that stays the same is left alone under the person's hands. */
let drawnBefore: string[] = [];

function hear(page: PanelPage): void {
  const isFirst = title.childNodes.length === 0;
  title.replaceChildren(...shown(page.title));
  whose.replaceChildren("From the extension ", make("strong", {}, page.name), ` (${page.id})`);
  notice.hidden = page.notice === "";
  notice.textContent = page.notice;
  const isOther = show(page.blocks);
  spoken.textContent = isOther && !isFirst ? "The panel shows something else now." : "";
}

function show(wanted: Block[]): boolean {
  const texts = wanted.map((block) => JSON.stringify(block));
  const changed = wanted.flatMap((block, index) => (texts[index] === drawnBefore[index] ? [] : [{ block, index }]));
  const isLess = texts.length < drawnBefore.length;
  drawnBefore = texts;
  while (blocks.childElementCount > wanted.length) {
    blocks.lastElementChild?.remove();
  }
  for (const { block, index } of changed) {
    const place = blocks.children[index] ?? blocks.appendChild(make("section"));
    redraw(place as HTMLElement, ...drawn(block, desk));
  }
  return changed.length > 0 || isLess;
}

root.append(title, whose, notice, blocks, spoken);
onMessage<PanelPage>(hear);
desk.wish({ type: "ready" });
