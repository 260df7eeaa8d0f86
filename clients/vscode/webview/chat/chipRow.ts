/** What goes along with the question: shown above the box, each with a way to take it away. */

import type { Chip } from "../../src/chat/protocol";
import { button, make } from "../elements";
import { say } from "./host";

const SIGNS: Record<Chip["kind"], string> = {
  place: "Cursor",
  mention: "",
  selection: "Selection",
  diagnostics: "",
  terminal: "",
};

/** Shows the chips, and knows which are shown. */
export class ChipRow {
  readonly element = make("ul", { class: "chips", "aria-label": "Goes along with the question" });
  private chips: Chip[] = [];

  /** What the person sees that goes along. */
  get keys(): string[] {
    return this.chips.map(({ key }) => key);
  }

  /** Show these, and keep the keys where they were. */
  show(chips: Chip[]): void {
    const focused = this.buttons().indexOf(document.activeElement as HTMLButtonElement);
    this.chips = chips;
    this.element.hidden = chips.length === 0;
    this.element.replaceChildren(...chips.map((chip) => this.made(chip)));
    const buttons = this.buttons();
    if (focused >= 0) {
      buttons[Math.min(focused, buttons.length - 1)]?.focus();
    }
  }

  private made(chip: Chip): HTMLElement {
    const title = [SIGNS[chip.kind], chip.title].filter(Boolean).join(" ");
    const name = button(title, () => say({ type: "look", key: chip.key }), {
      label: `Show ${title}${chip.detail ? `, ${chip.detail}` : ""}`,
      class: "chip-name",
    });
    const remove = button("✕", () => say({ type: "remove", key: chip.key }), {
      label: `Take away ${title}`,
      class: "chip-remove",
    });
    const item = make("li", { class: `chip ${chip.kind}` }, name, remove);
    item.addEventListener("keydown", (event) => {
      if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        say({ type: "remove", key: chip.key });
      }
    });
    return item;
  }

  private buttons(): HTMLButtonElement[] {
    return [...this.element.querySelectorAll("button")];
  }
}
