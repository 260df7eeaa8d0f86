/** A plan as its person changes it: moved, removed, reworded and added steps. */

import type { AskedPlan, PlanDraft, PlanStep } from "../../src/plan/messages";

/** What a step says, as it stands in the boxes. */
export interface Words {
  title: string;
  tool: string;
  detail: string;
  /** One a line. */
  files: string;
}

/** One step of the draft. */
export interface DraftStep extends Words {
  id: number;
  /** The step of the plan that it was; `null` for an added one. */
  from: number | null;
}

/** What of a draft is kept when the page is hidden. */
export interface KeptDraft {
  fingerprint: string;
  steps: DraftStep[];
  reason: string;
}

/** The draft of one plan that is asked about. */
export class Draft {
  steps: DraftStep[];
  reason = "";
  private readonly first: DraftStep[];

  constructor(
    readonly asked: AskedPlan,
    kept?: KeptDraft,
  ) {
    this.first = asked.view.steps.map(({ title, tool, detail, files }, from) => ({
      id: from,
      from,
      title,
      tool,
      detail,
      files: files.join("\n"),
    }));
    const isKept = kept?.fingerprint === asked.fingerprint;
    this.steps = isKept ? kept.steps : this.first.map((step) => ({ ...step }));
    this.reason = isKept ? kept.reason : "";
  }

  get isChanged(): boolean {
    return JSON.stringify(this.steps) !== JSON.stringify(this.first);
  }

  /** A step that lacks what every step has. */
  get unfinished(): DraftStep | undefined {
    return this.steps.find(({ title, tool }) => title.trim() === "" || tool.trim() === "");
  }

  kept(): KeptDraft {
    return { fingerprint: this.asked.fingerprint, steps: this.steps, reason: this.reason };
  }

  reset(): void {
    this.steps = this.first.map((step) => ({ ...step }));
  }

  /** Move a step to another place; the place that it came to. */
  move(id: number, to: number): number {
    const at = this.steps.findIndex((step) => step.id === id);
    const place = Math.max(0, Math.min(this.steps.length - 1, to));
    const [moved] = at < 0 ? [] : this.steps.splice(at, 1);
    if (moved) {
      this.steps.splice(place, 0, moved);
    }
    return place;
  }

  remove(id: number): void {
    this.steps = this.steps.filter((step) => step.id !== id);
  }

  /** Add an empty step at the end; its id. */
  add(): number {
    const id = Math.max(this.first.length, ...this.steps.map((step) => step.id + 1));
    this.steps.push({ id, from: null, title: "", tool: "", detail: "", files: "" });
    return id;
  }

  /** The plan as it is sent. What was not changed goes as the agent wrote it, not as it is shown. */
  plan(): PlanDraft {
    const { plan, view } = this.asked;
    return {
      summary: plan?.summary ?? view.summary,
      ...(plan?.questions ? { questions: plan.questions } : {}),
      steps: this.steps.map((step) => this.written(step)),
    };
  }

  private written(step: DraftStep): PlanStep {
    const { from, title, tool, detail, files } = step;
    const shown = from === null ? undefined : this.first[from];
    const base = from === null ? undefined : this.asked.plan?.steps[from];
    const paths = files.split("\n").map((path) => path.trim()).filter(Boolean);
    return {
      ...base,
      title: base && shown?.title === title ? base.title : title.trim(),
      tool: base && shown?.tool === tool ? base.tool : tool.trim(),
      detail: base && shown?.detail === detail ? (base.detail ?? "") : detail.trim(),
      files: base && shown?.files === files ? (base.files ?? []) : paths,
    };
  }
}
