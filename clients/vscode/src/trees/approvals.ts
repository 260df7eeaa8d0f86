/** The questions that wait for this person, also those of other windows and of before the server's start. */

import * as vscode from "vscode";
import type { AskParams, StatusParams } from "../protocol";
import { grantRowsOf, rowsOf, tipChars } from "./exactly";
import type { Row, Tip } from "./row";

const icons: Record<AskParams["kind"], string> = {
  plan: "checklist",
  command: "terminal",
  edit: "diff",
  commit: "git-commit",
  pull_request: "git-pull-request-create",
  trust: "workspace-unknown",
  instructions: "book",
  mcp: "plug",
  extension: "extensions",
};

const kinds: Record<AskParams["kind"], string> = {
  plan: "plan",
  command: "command",
  edit: "change of files",
  commit: "commit",
  pull_request: "pull request",
  trust: "trust in this folder",
  instructions: "instructions",
  mcp: "MCP server",
  extension: "extension",
};

/** One row a question, the oldest first; what is asked stands below it, word for word. */
export function approvals(open: AskParams[], status: StatusParams | undefined): Row[] {
  return open.map((question) => rowOf(question, status));
}

function rowOf(question: AskParams, status: StatusParams | undefined): Row {
  const run = status?.runs.find(({ id }) => id === question.runId);
  const request = rowsOf(question);
  // A yes from here is to what is read here; whatever takes its page is answered beside it.
  const isBrief = request !== undefined;
  const about = { question };
  const tells: Row[] = [
    ...exactRows(`${question.id}/request`, request ?? []),
    ...(question.grant === "" ? [] : [grantRow(question, isBrief)]),
    ...(run ? [{ id: `${question.id}/run`, label: `${run.agent}: ${run.goal}`, icon: "hubot" }] : []),
    { id: `${question.id}/until`, label: `Open until ${clockTime(question.expiresAt)}`, icon: "clock" },
  ];
  return {
    ...about,
    id: question.id,
    label: question.title,
    description: [kinds[question.kind], run && `for ${run.goal}`].filter(Boolean).join(" · "),
    icon: icons[question.kind] ?? "question",
    tip: tip(question),
    can: ["question", ...(isBrief ? ["brief"] : [])],
    command: { id: "steward.client.showQuestion", title: "Show" },
    isOpen: isBrief,
    children: tells,
  };
}

/** The yes for the rest of the run has its place where all stands that it would cover. */
function grantRow(question: AskParams, canAllow: boolean): Row {
  const id = `${question.id}/grant`;
  const covers = grantRowsOf(question);
  const row = { question, id, icon: "key", tip: ["“Allow for this run” covers, until the run ends:", { code: question.grant }] };
  return covers === undefined || !canAllow
    ? { ...row, label: "Allow for this run: Show says what it covers" }
    : {
        ...row,
        label: "Allow for this run covers:",
        can: ["grant"],
        children: exactRows(`${id}/covers`, covers),
        isOpen: true,
      };
}

function exactRows(id: string, rows: string[]): Row[] {
  return rows.map((label, number) => ({ id: `${id}/${number}`, label, isExact: true }));
}

function tip(question: AskParams): Tip[] {
  const left = `${question.title}. ${timeLeft(question.expiresAt)}`;
  return question.markdown.length <= tipChars
    ? [left, { code: question.markdown }]
    : [left, "Its text is long: Show opens all of it."];
}

/** How long it may still be answered, as it is when somebody looks. */
function timeLeft(at: string): string {
  const minutes = Math.max(0, Math.round((Date.parse(at) - Date.now()) / 60_000));
  const hours = Math.floor(minutes / 60);
  const left = hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
  return `It stays open for ${left}; then the answer is no.`;
}

function clockTime(at: string): string {
  const time = new Date(at);
  const isToday = time.toDateString() === new Date().toDateString();
  const day = isToday ? "" : `${time.toLocaleDateString(vscode.env.language)} `;
  return `${day}${time.toLocaleTimeString(vscode.env.language, { hour: "2-digit", minute: "2-digit" })}`;
}
