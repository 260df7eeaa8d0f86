/** What Steward's server and this client say to each other beyond the standard protocol. */

import { NotificationType, RequestType } from "vscode-languageclient/node";
import type { ChatPiece } from "./chat/protocol";
import type { PlanView } from "./plan/messages";

/** What an answer may hold beside yes and no. */
export type Extra = "reason" | "for_run" | "step_by_step" | "edited_plan" | "choice";

/** The smallest piece of a proposal that can be kept or not. */
export interface Hunk {
  id: string;
  /** Relative to the workspace. */
  file: string;
  /** `@@ -first,count +first,count @@`, or what happens to the whole file. */
  header: string;
  /** What is taken away and what is added, each line after its sign. */
  lines: string;
}

/** What is easily overlooked in a diff, and where it is. */
export interface Mark {
  /** Relative to the workspace. */
  file: string;
  /** In the text afterwards, counted from 1; `null` where it is the file as a whole. */
  line: number | null;
  /** `create`, `delete`, `rename`, `control`, `hidden`, `alike`, `long`, `ends`, or a newer one. */
  kind: string;
  text: string;
}

/** A plan as data; `schemas/plan.schema.json` says what is in it. */
export type Plan = Record<string, unknown>;

/** A question from the server. `markdown` is everything the answer is about. */
export interface AskParams {
  id: string;
  kind: "plan" | "command" | "edit" | "commit" | "pull_request" | "trust" | "instructions" | "mcp" | "extension";
  title: string;
  markdown: string;
  /** Of what is shown; it goes back with the answer, which is worth nothing without it. */
  digest: string;
  /** What the plain yes is called, and the plain no. */
  choices: { id: string; title: string }[];
  runId: string;
  takes: Extra[];
  /** What a yes for the rest of the run would cover; empty where there is none. */
  grant: string;
  /** Where another plan may be sent back: the one that is asked about. */
  plan: Plan | null;
  /** What the Markdown says, as data; `null` where only the Markdown is to be shown. Of plans only. */
  view?: PlanView | null;
  /** Of an edit: its id, all its hunks, and what to look at. Older servers do not say. */
  proposal?: string;
  hunks?: Hunk[];
  marks?: Mark[];
  expiresAt: string;
}

/** What the person said. */
export interface Answer {
  choice: string;
  /** Why not; the agent is told. */
  reason?: string;
  /** Yes, and for the rest of the run to what the question's `grant` names. */
  isForRun?: true;
  /** Yes to the plan, and each of its steps is asked about. */
  isStepByStep?: true;
  /** With a no: the plan as it should be. They are asked about it in its turn. */
  plan?: Plan;
  /** With a yes: the ids of the hunks that it is about. All others are rejected. */
  kept?: string[];
}

/** An answer to what was shown; `null` when nobody answered. */
export type AskResult = (Answer & { digest: string }) | null;

/** How a run goes about its work. */
export type Mode = "normal" | "step" | "dry_run" | "analysis_only";

/** An agent as `steward.agent.list` tells of it. */
export interface AgentSummary {
  id: string;
  name: string;
  description: string;
  source: string;
  /** Whether it is the one that is started under this id. */
  counts: boolean;
  /** Why it cannot be started; empty where it can. */
  problem: string;
  mode: Mode | "";
  /** What it may do, in words. */
  may: string;
  /** Older servers do not say. */
  tools?: string[];
}

/** What trusting the open folder would enable, as `steward.workspace.enables` tells it. */
export interface Enables {
  /** `null` where the person was not asked yet. */
  trusted: boolean | null;
  markdown: string;
  agents: { id: string; name: string; description: string; may: string; path: string; problem: string }[];
  /** Instructions that agents would follow. */
  files: string[];
  /** Why the agents cannot be listed; empty where they can. */
  problem: string;
}

/** A model as `steward.models` tells of it. */
export interface ModelStanding {
  /** `provider/name`. */
  id: string;
  provider: string;
  name: string;
  /** What it answers where nobody names a model. */
  tasks: string[];
  price: string;
  state: "ready" | "resting" | "no key" | "no price" | "not configured" | "off";
  /** What is in the way; empty where nothing is. */
  why: string;
}

/** A budget that pays for the person's calls, as `steward.budgets` tells of it. */
export interface BudgetStanding {
  account: string;
  name: string;
  spent: string;
  reserved: string;
  limit: string | null;
  left: string | null;
  usedPercent: number | null;
  resetsOn: string | null;
  state: "ok" | "warned" | "nearly" | "used up";
}

/** Something that a run was granted for as long as it lasts. */
export interface GrantSummary {
  id: string;
  runId: string;
  tool: string;
  subject: string;
  isOver: boolean;
}

/** Something that was refused in a run; it is denied to all its agents, word for word. */
export interface DenialSummary extends GrantSummary {
  deniedAt: string;
}

/** A run as the status line knows it. */
export interface RunStatus {
  id: string;
  agent: string;
  goal: string;
  state: string;
  /** `null` before its model is first asked what to do. Older servers do not say. */
  context?: ContextMeter | null;
}

/** How much of its room a run's conversation takes, in tokens. */
export interface ContextMeter {
  tokens: number;
  room: number;
  /** Of `tokens`, what every request carries. */
  fixed: number;
  tools: number;
  instructions: number;
  /** Answers that stand there shortened, and answers that are left out. */
  shortened: number;
  leftOut: number;
}

/** What the status bar shows. Money arrives as text, ready to show. */
export interface StatusParams {
  spentToday: string;
  spentInSession: string;
  /** The budget that has least left; the sums that follow are its own. */
  budget: string;
  spent: string;
  reserved: string;
  /** `null` where there is no limit; `left` likewise. */
  limit: string | null;
  left: string | null;
  /** How much is spent of the budget that is used up most. Older servers do not say. */
  usedPercent?: number | null;
  /** `null` for a session's budget. */
  resetsOn: string | null;
  openQuestions: number;
  runs: RunStatus[];
  ai: "ready" | "off";
  reason: string | null;
  /** Older servers do not say. */
  ghostText?: GhostTextStatus;
}

/** How ghost text stands: it comes; not here; somebody switched it off; no model can be asked. */
export interface GhostTextStatus {
  state: "ready" | "quiet" | "off" | "unavailable";
  /** Sentences for the person; `null` where suggestions come. */
  reason: string | null;
}

/** How far a switch of ghost text reaches. */
export type GhostTextScope = "all" | "language" | "workspace";

/** What `steward.completion.why` and `.switch` answer for a document. */
export interface GhostTextStanding extends GhostTextStatus {
  /** The language's name; empty where nothing names one. */
  language: string;
  /** Whether each switch is on by itself; `null` where there is none. */
  switches: Record<GhostTextScope, boolean | null>;
}

/** What a run does now. */
export interface RunParams {
  runId: string;
  state: string;
  step: string;
  message: string;
}

/** A run as `steward.runs` lists it. */
export interface RunSummary {
  id: string;
  agent: string;
  goal: string;
  state: string;
  message: string;
  startedAt: string;
  cost: string;
  /** The limit that ended it; empty where none did. Older servers do not say. */
  capped?: string;
  /** How much of what it changed is undone. Older servers do not say; `context` likewise. */
  undone?: Undone;
  /** How many changes of files it made. Older servers do not say. */
  changes?: number;
  context?: ContextMeter | null;
}

/** How much of a change, or of all changes of a run, is undone. */
export type Undone = "no" | "partly" | "yes";

/** What an agent changed at one time, as `steward.changes` lists it. */
export interface ChangeSummary {
  id: string;
  runId: string;
  /** The step that made it; empty for an undo. */
  step: string;
  kind: "change" | "undo" | "redo";
  title: string;
  at: string;
  undone: Undone;
  files: { path: string }[];
}

/** How an undo or a redo ended. */
export interface UndoOutcome {
  /** That of its proposal, or `nothing` where every file was left alone. */
  state: string;
  outcome: string;
  isRedo: boolean;
  /** What was left alone, and why, in lines. */
  told: string[];
}

/** An MCP server of the settings, with those of its tools that the person approved. */
export interface McpServer {
  server: string;
  where: string;
  tools: { name: string; tool: string; isCurrent: boolean }[];
}

/** A call of a model for which something was sent, as `steward.sent.list` tells of it. */
export interface SentCall {
  id: string;
  at: string;
  task: string;
  model: string;
  outcome: string;
  cost: string;
  /** Empty where it was no run's. */
  runId: string;
}

/** A page to read. */
export interface Page {
  markdown: string;
}

export const askRequest = new RequestType<AskParams, AskResult, void>("steward/ask");
export const askClosed = new NotificationType<{ id: string }>("steward/askClosed");
export const runChanged = new NotificationType<RunParams>("steward/run");
export const statusChanged = new NotificationType<StatusParams>("steward/status");
export const chatPiece = new NotificationType<ChatPiece>("steward/chat");

/** A commit message that the person may use. */
export interface CommitDraft {
  message: string;
  /** It is about what is staged, and not about all that differs. */
  staged: boolean;
  /** What the model did not see, in words. */
  leftOut: string[];
}

/** A pull request's text that the person may use. */
export interface PullRequestDraft {
  title: string;
  /** Markdown. */
  body: string;
  base: string;
  commits: number;
  leftOut: string[];
}
