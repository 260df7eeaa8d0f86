/** Elements of a page, made of text nodes and attributes of ours; nothing is ever parsed as HTML. */

import { spelled, stretches } from "../src/hidden";

/** What may stand inside an element; where there is nothing, nothing does. */
export type Inside = Node | string | null | undefined | false;

/** How a button differs from a plain one. */
export interface Looks {
  /** What it is called where its words alone say too little. */
  label?: string;
  class?: string;
  /** Tells it apart when a page is drawn anew. */
  key?: string;
}

/** An element with these attributes and this inside; no text in it holds anything that is not seen. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...inside: Inside[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  for (const each of inside) {
    if (each) {
      made.append(...(typeof each === "string" ? shown(each) : [each]));
    }
  }
  return made;
}

/** A button with words on it. */
export function button(title: string, pressed: () => void, looks: Looks = {}): HTMLButtonElement {
  const { label, key } = looks;
  const made = make(
    "button",
    {
      type: "button",
      ...(looks.class ? { class: looks.class } : {}),
      ...(key ? { "data-key": key } : {}),
      ...(label ? { "aria-label": label, title: label } : {}),
    },
    title,
  );
  made.addEventListener("click", pressed);
  return made;
}

/** Text from elsewhere, with each character that nobody would see spelled out and marked. */
export function shown(text: string, isCode = false): Node[] {
  return stretches(text, isCode).map((one) =>
    one.isHidden
      ? make("span", { class: "hidden-character", title: "A hidden character" }, spelled(one.text))
      : document.createTextNode(one.text),
  );
}
