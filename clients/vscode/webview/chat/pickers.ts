/** The choices beside the box: how it is gone about, by which agent, with which model. */

import type { ChatChoices, ChatMode } from "../../src/chat/protocol";
import { revealed } from "../../src/hidden";
import { make } from "../elements";
import { keep, kept } from "./host";

interface Option {
  id: string;
  title: string;
  detail: string;
}

/** What is chosen; the server is told exactly this. */
export class Pickers {
  readonly element = make("div", { class: "pickers" });
  private readonly mode = picker("Mode");
  private readonly agent = picker("Agent");
  private readonly model = picker("Model");

  constructor() {
    this.element.append(this.mode, this.agent, this.model);
    this.mode.addEventListener("change", () => {
      keep({ mode: this.chosen.mode });
      this.follow();
    });
    this.agent.addEventListener("change", () => keep({ agent: this.agent.value }));
    this.model.addEventListener("change", () => keep({ model: this.model.value }));
  }

  get chosen(): { mode: ChatMode; agent: string; model: string } {
    const mode = (this.mode.value || "ask") as ChatMode;
    return { mode, agent: mode === "ask" ? "" : this.agent.value, model: this.model.value };
  }

  /** Offer these; what was chosen before stays chosen where it is still there. */
  offer({ modes, agents, models }: ChatChoices): void {
    const was = kept();
    fill(this.mode, modes, was.mode || "ask");
    const agentsShown = agents.map(({ id, name, description }) => ({ id, title: name, detail: description }));
    fill(this.agent, agentsShown, was.agent);
    const usual = models.find(({ isDefault }) => isDefault);
    const own = { id: "", title: usual ? `${usual.name} (default)` : "Default model", detail: "As the settings choose" };
    fill(this.model, [own, ...models.map(({ id, name }) => ({ id, title: name, detail: "" }))], was.model);
    this.follow();
  }

  /** Without a run there is no agent. */
  private follow(): void {
    this.agent.disabled = this.chosen.mode === "ask";
    this.mode.title = `Mode: ${this.mode.selectedOptions[0]?.title ?? ""}`;
  }
}

function picker(name: string): HTMLSelectElement {
  return make("select", { "aria-label": name, title: name });
}

function fill(select: HTMLSelectElement, options: Option[], wanted: string): void {
  const before = select.value;
  select.replaceChildren(
    ...options.map(({ id, title, detail }) => make("option", { value: id, title: revealed(detail) }, revealed(title))),
  );
  const chosen = [wanted, before].find((id) => options.some((option) => option.id === id));
  select.value = chosen ?? options[0]?.id ?? "";
}
