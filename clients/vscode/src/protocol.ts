/** What Steward's server and this client say to each other beyond the standard protocol. */

import { NotificationType, RequestType } from "vscode-languageclient/node";

/** One answer that a person may give. */
export interface Choice {
  id: string;
  title: string;
}

/** A question from the server. `markdown` is everything the answer is about. */
export interface AskParams {
  id: string;
  kind: "plan" | "command" | "edit" | "commit";
  title: string;
  markdown: string;
  /** Of what is shown; it goes back with the answer, which is worth nothing without it. */
  digest: string;
  choices: Choice[];
  runId: string;
  expiresAt: string;
}

/** What the person chose; `null` when nobody answered. */
export type AskResult = { choice: string; digest: string } | null;

/** A run as the status line knows it. */
export interface RunStatus {
  id: string;
  agent: string;
  goal: string;
  state: string;
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
  /** `null` for a session's budget. */
  resetsOn: string | null;
  openQuestions: number;
  runs: RunStatus[];
  ai: "ready" | "off";
  reason: string | null;
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
  startedAt: string;
  cost: string;
}

/** A page to read. */
export interface Page {
  markdown: string;
}

export const askRequest = new RequestType<AskParams, AskResult, void>("steward/ask");
export const askClosed = new NotificationType<{ id: string }>("steward/askClosed");
export const runChanged = new NotificationType<RunParams>("steward/run");
export const statusChanged = new NotificationType<StatusParams>("steward/status");
