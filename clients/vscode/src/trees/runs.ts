/** Runs: what each does now or how it ended, and what it was granted and refused. */

import type { AskParams, DenialSummary, GrantSummary, RunSummary } from "../protocol";
import { fullness, hasEnded, startedAt } from "../runs";
import type { Server } from "../server";
import type { Row } from "./row";

/** As many as the tree lists. */
export const listedMax = 50;

/** The live ones first, then today's and earlier ones. */
export async function runs(server: Server): Promise<Row[]> {
  const [found, grants, denials, open] = await Promise.all([
    server.execute<RunSummary[]>("steward.runs", { limit: listedMax }),
    server.execute<GrantSummary[]>("steward.run.grants"),
    server.execute<DenialSummary[]>("steward.run.denials"),
    server.execute<AskParams[]>("steward.questions"),
  ]);
  const asking = new Set(open.map(({ runId }) => runId));
  const told = found.map((run) => (asking.has(run.id) && !hasEnded(run) ? { ...run, state: "waiting" } : run));
  const rows = told.map((run) => ({ run, row: rowOf(run, said(run, grants, denials)) }));
  const live = rows.filter(({ run }) => !hasEnded(run)).map(({ row }) => row);
  const past = rows.filter(({ run }) => hasEnded(run));
  const today = new Date().toDateString();
  const isToday = ({ run }: { run: RunSummary }): boolean => new Date(run.startedAt).toDateString() === today;
  return [
    ...live,
    ...group("today", "Today", past.filter(isToday).map(({ row }) => row), true),
    ...group("earlier", "Earlier", past.filter((one) => !isToday(one)).map(({ row }) => row), false),
    ...(found.length < listedMax ? [] : [more]),
  ];
}

const more: Row = {
  id: "more",
  label: "More in Show Runs…",
  icon: "ellipsis",
  command: { id: "steward.client.runs", title: "Show Runs…" },
};

function group(id: string, label: string, children: Row[], isOpen: boolean): Row[] {
  const description = children.length === 1 ? "1 run" : `${children.length} runs`;
  return children.length === 0 ? [] : [{ id, label, description, children, isOpen }];
}

function rowOf(run: RunSummary, granted: Row[]): Row {
  const isLive = !hasEnded(run);
  const { icon, word } = look(run);
  return {
    run,
    id: run.id,
    label: run.goal,
    description: isLive ? run.message : [word, run.cost, undone(run)].filter(Boolean).join(" · "),
    icon,
    tip: [run.goal, `${run.agent}, started ${startedAt(run)}: ${word}`, run.message, `Cost ${run.cost}`],
    can: actions(run),
    isOpen: isLive,
    command: { id: "steward.client.showRun", title: "Show" },
    children: [...facts(run, word), ...granted],
  };
}

function facts(run: RunSummary, word: string): Row[] {
  const used = fullness(run.context).replace(/^, /, "");
  const changed = run.changes ?? 0;
  const counted = changed === 1 ? "1 change of files" : `${changed} changes of files`;
  return [
    { id: `${run.id}/now`, label: word, description: run.message, icon: "info" },
    { id: `${run.id}/agent`, label: run.agent, description: `started ${startedAt(run)}`, icon: "hubot" },
    { id: `${run.id}/cost`, label: `Cost ${run.cost}`, icon: "law" },
    ...(used === "" ? [] : [{ id: `${run.id}/context`, label: `Context: ${used}`, icon: "dashboard" }]),
    ...(changed === 0
      ? []
      : [{ id: `${run.id}/changes`, label: counted, description: undone(run), icon: "diff" }]),
  ];
}

/** The picture and the word for a run's state. */
function look({ state, capped }: RunSummary): { icon: string; word: string } {
  if (capped) {
    return { icon: "dashboard", word: `ended at its limit (${capped})` };
  }
  switch (state) {
    case "waiting":
      return { icon: "question", word: "waits for you" };
    case "finished":
      return { icon: "pass", word: "finished" };
    case "failed":
      return { icon: "error", word: "failed" };
    case "cancelled":
      return { icon: "circle-slash", word: "cancelled" };
    default:
      return { icon: "loading~spin", word: state };
  }
}

function actions(run: RunSummary): string[] {
  const isLive = !hasEnded(run);
  const hasChanged = (run.changes ?? 0) > 0;
  return [
    "run",
    ...(isLive ? ["live"] : []),
    ...(!isLive && (run.state !== "finished" || run.capped) ? ["resumable"] : []),
    ...(hasChanged && run.undone !== "yes" ? ["undoable"] : []),
    ...(hasChanged && run.undone !== "no" ? ["redoable"] : []),
  ];
}

function undone({ undone: how }: RunSummary): string {
  return how === "yes" ? "undone" : how === "partly" ? "partly undone" : "";
}

/** What still counts of what was said in the run; each can be taken back. */
function said(run: RunSummary, grants: GrantSummary[], denials: DenialSummary[]): Row[] {
  const counts = ({ runId, isOver }: GrantSummary): boolean => runId === run.id && !isOver;
  return [
    ...grants.filter(counts).map((grant) => saidRow(grant, "Allowed for this run", "key")),
    ...denials.filter(counts).map((denial) => saidRow(denial, "Refused", "shield")),
  ];
}

/** A refused change has no tool: its title says it. What is called without arguments says no more. */
function saidRow(grant: GrantSummary, how: string, icon: string): Row {
  const what = `${grant.tool} ${grant.subject === "{}" ? "" : grant.subject}`.trim();
  return {
    grant,
    id: `said/${grant.id}`,
    label: `${how}:`,
    description: what,
    icon,
    tip: [`${how}, until the run ends or you take it back:`, { code: what }],
    can: ["said"],
  };
}
