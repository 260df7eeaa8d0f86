/** What the plan's page and the client say to each other. Nothing here knows the editor. */

/** One step of a plan, as it is shown: hidden characters are spelled out. */
export interface StepView {
  title: string;
  tool: string;
  /** What the tool does, in words. */
  needs: string;
  detail: string;
  files: string[];
  agents: string[];
  /** Whether it was added to a plan that was approved. */
  isNew: boolean;
}

/** All that a question about a plan shows; the question's Markdown says the same. */
export interface PlanView {
  agent: string;
  agentId: string;
  goal: string;
  place: string;
  mode: string;
  modeSaid: string;
  summary: string;
  note: string;
  questions: string[];
  steps: StepView[];
  cost: { least: string | null; most: string | null; limit: string | null; said: string };
  called: { agentId: string; agent: string }[];
  /** What a yes allows, and what it does not. */
  covers: string;
}

/** How a step of a plan stands. */
export type StepState = "open" | "working" | "done" | "failed" | "refused" | "skipped";

/** A step that a run has taken. */
export interface TraceStep {
  step: string;
  title: string;
  detail: string;
  ok: boolean;
  at: string;
  tookMs: number | null;
  cost: string;
  tokens: number;
}

/** A run with its plan, as `steward.run.steps` tells of it. */
export interface RunSteps {
  state: string;
  message: string;
  agent: string;
  goal: string;
  mode: string;
  cost: string;
  tookMs: number;
  /** The limit that ended it; empty where none did. */
  capped: string;
  /** None before a plan was approved. */
  planSteps: { title: string; tool: string; state: StepState; traceSteps: string[] }[];
  trace: TraceStep[];
  undone: "no" | "partly" | "yes";
}

/** A step as it is written in a plan; `schemas/plan.schema.json` says what is in it. */
export interface PlanStep {
  title: string;
  tool: string;
  detail?: string;
  files?: string[];
  agents?: string[];
}

/** A plan as it is sent back. */
export interface PlanDraft {
  summary: string;
  steps: PlanStep[];
  questions?: string[];
}

/** The question that a page is about. */
export interface AskedPlan {
  /** Of exactly what is shown; an answer bears it. */
  fingerprint: string;
  view: PlanView;
  /** Where another plan may be sent back: the one that is asked about, as it is. */
  plan: PlanDraft | null;
  approve: string;
  reject: string;
  takesReason: boolean;
  takesStepByStep: boolean;
}

/** All that a page shows; each message holds it whole. */
export interface PlanShown {
  title: string;
  asked: AskedPlan | null;
  run: RunSteps | null;
  /** The files that the run changed, relative to the workspace. */
  changed: string[];
  /** What hinders; empty where nothing does. */
  notice: string;
  /** Raised each time the person is led to the page in order to change the plan. */
  edits: number;
}

/** What a page asks for. */
export type PlanWish =
  | { type: "ready" }
  | { type: "answer"; fingerprint: string; answer: PlanAnswer }
  | { type: "touched"; isChanged: boolean }
  | { type: "json"; plan: PlanDraft }
  | { type: "text" }
  | { type: "step"; step: string }
  | { type: "sent"; step: string }
  | { type: "run" }
  | { type: "cancel" }
  | { type: "undo" }
  | { type: "open"; path: string };

/** What the person said in the page. */
export interface PlanAnswer {
  choice: "approve" | "reject";
  reason?: string;
  isStepByStep?: true;
  plan?: PlanDraft;
}
