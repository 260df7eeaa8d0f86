/** A page that is drawn anew with each change, under the hands of the person who uses it. */

/**
 * Draw `children` in place of what is in `root`; the focus, the caret and opened parts stay. Pieces
 * are told apart by their keys, which `data-key` holds.
 */
export function redraw(root: HTMLElement, ...children: Node[]): void {
  const before = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  const key = before?.dataset["key"];
  const caret = isText(before) ? [before.selectionStart, before.selectionEnd] as const : undefined;
  const opened = new Set(
    [...root.querySelectorAll<HTMLDetailsElement>("details[open]")].map(({ dataset }) => dataset["key"]),
  );
  root.replaceChildren(...children);
  for (const part of root.querySelectorAll("details")) {
    part.open ||= opened.has(part.dataset["key"]);
  }
  // What had the focus may be gone. No button gets it then: a second Enter would press that.
  const after = key === undefined ? undefined : (find(root, key) ?? find(root, "title"));
  after?.focus();
  if (caret && after && isText(after)) {
    after.setSelectionRange(...caret);
  }
}

/** Move the focus to the piece of this key. */
export function focus(root: HTMLElement, key: string): void {
  find(root, key)?.focus();
}

function find(root: HTMLElement, key: string): HTMLElement | undefined {
  return [...root.querySelectorAll<HTMLElement>("[data-key]")].find(({ dataset }) => dataset["key"] === key);
}

function isText(found: Element | null): found is HTMLInputElement | HTMLTextAreaElement {
  return found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement;
}
