/** What agents changed in files: taken back, or done again. The server asks with the diff before it does. */

import * as vscode from "vscode";
import { plain, plainIcon, showFailure } from "./messages";
import type { ChangeSummary, RunSummary, UndoOutcome } from "./protocol";
import { atMinute } from "./runs";
import type { Server } from "./server";

/** What is to be undone; without a step it is all of the run. */
interface Wanted {
  runId: string;
  step?: string;
  proposalId?: string;
}

type Row = vscode.QuickPickItem & { wanted?: Wanted };

/** The step that made a change begins with the number of its turn. */
const turnOf = /^(?:tool|land)-(\d+)-/;

const nothingLeft = "Steward: no agent changed anything here that is not undone.";

/** Let the person pick a run, unless one is named, or a part of what it changed, and undo that. */
export async function undoChanges(server: Server, runId?: string): Promise<void> {
  const left = await changes(server, runId, ({ undone }) => undone !== "yes");
  await pickAndSend(server, { found: left, isOneRun: runId !== undefined }, "undo", nothingLeft);
}

/** Let the person pick what was undone, of one run where one is named, and do it again. */
export async function redoChanges(server: Server, runId?: string): Promise<void> {
  const undone = await changes(server, runId, (change) => change.undone !== "no");
  await pickAndSend(server, { found: undone, isOneRun: runId !== undefined }, "redo", "Steward: nothing is undone here.");
}

/** Take back all that a run changed; without its id, of the run that the person picks. */
export async function restoreBefore(server: Server, runId?: string): Promise<void> {
  const left = await changes(server, runId, ({ undone }) => undone !== "yes");
  if (runId === undefined && left.length === 0) {
    void vscode.window.showInformationMessage(nothingLeft);
    return;
  }
  const picked = runId ?? (await pickRunOf(server, left, "undo"))?.[0]?.runId;
  if (picked !== undefined) {
    await send(server, "undo", { runId: picked });
  }
}

async function changes(
  server: Server,
  runId: string | undefined,
  wanted: (change: ChangeSummary) => boolean,
): Promise<ChangeSummary[]> {
  const all = await server.execute<ChangeSummary[]>("steward.changes", ...(runId ? [{ runId }] : []));
  return all.filter((change) => change.kind === "change" && wanted(change));
}

async function pickAndSend(
  server: Server,
  { found, isOneRun }: { found: ChangeSummary[]; isOneRun: boolean },
  verb: "undo" | "redo",
  none: string,
): Promise<void> {
  if (found.length === 0) {
    void vscode.window.showInformationMessage(none);
    return;
  }
  const ofRun = isOneRun ? found : await pickRunOf(server, found, verb);
  const wanted = ofRun && (await pickPart(ofRun, verb));
  if (wanted) {
    await send(server, verb, wanted);
  }
}

/** The changes of the run that the person picks. */
async function pickRunOf(
  server: Server,
  found: ChangeSummary[],
  verb: string,
): Promise<ChangeSummary[] | undefined> {
  const runs = await server.execute<RunSummary[]>("steward.runs");
  const items = [...new Set(found.map(({ runId }) => runId))].map((runId) => {
    const run = runs.find(({ id }) => id === runId);
    const own = found.filter((change) => change.runId === runId);
    return {
      label: plainIcon(run?.goal ?? runId),
      description: run ? plainIcon(`${run.agent}, ${run.state}`) : "",
      detail: `${counted(own.length, "change")} in ${filesOf(own)}`,
      own,
    };
  });
  const title = `Steward: ${verb} changes of which run?`;
  const placeHolder = "The diff is shown, and you are asked, before anything is done";
  const options = { title, placeHolder, ignoreFocusOut: true };
  return (await vscode.window.showQuickPick(items, options))?.own;
}

/** All of it, a turn or one change; what a run with one change changed needs no picking. */
async function pickPart(own: ChangeSummary[], verb: string): Promise<Wanted | undefined> {
  const [first] = own;
  if (first === undefined || own.length === 1) {
    return first && { runId: first.runId, proposalId: first.id };
  }
  const all: Row = {
    label: `All ${own.length} changes`,
    description: filesOf(own),
    wanted: { runId: first.runId },
  };
  const single = own.map(rowOf);
  const rows = [all, ...turnsOf(own), { label: "one change", kind: vscode.QuickPickItemKind.Separator }, ...single];
  const options = { title: `Steward: ${verb} what of it?`, ignoreFocusOut: true };
  return (await vscode.window.showQuickPick<Row>(rows, options))?.wanted;
}

/** The turns of a run in which more than one change was made. */
function turnsOf(own: ChangeSummary[]): Row[] {
  const byTurn = new Map<string, ChangeSummary[]>();
  for (const change of own) {
    const turn = turnOf.exec(change.step)?.[1];
    if (turn !== undefined) {
      byTurn.set(turn, [...(byTurn.get(turn) ?? []), change]);
    }
  }
  const several = [...byTurn].filter(([, made]) => made.length > 1 && made.length < own.length);
  return several.map(([turn, made]) => ({
    label: `Step ${Number(turn) + 1}: ${made.length} changes`,
    description: filesOf(made),
    wanted: { runId: made[0]?.runId ?? "", step: `think-${turn}` },
  }));
}

function rowOf(change: ChangeSummary): Row {
  const partly = change.undone === "partly" ? ", a part of it is undone" : "";
  return {
    label: plainIcon(change.title),
    description: filesOf([change]) + partly,
    detail: atMinute(change.at),
    wanted: { runId: change.runId, proposalId: change.id },
  };
}

function filesOf(found: ChangeSummary[]): string {
  const paths = [...new Set(found.flatMap(({ files }) => files.map(({ path }) => path)))];
  const [first = "no file"] = paths;
  return plainIcon(paths.length <= 1 ? first : `${first} and ${counted(paths.length - 1, "other file")}`);
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

async function send(server: Server, verb: "undo" | "redo", wanted: Wanted): Promise<void> {
  try {
    const outcome = await server.execute<UndoOutcome>(`steward.${verb}`, wanted);
    // The message waits for the person; whoever asked need not.
    void tell(outcome, () => send(server, verb === "undo" ? "redo" : "undo", wanted));
  } catch (error) {
    showFailure(error);
  }
}

/** What became of it, and what was left alone; what was done can be turned round. */
async function tell(
  { state, outcome, isRedo, told }: UndoOutcome,
  turnRound: () => Promise<void>,
): Promise<void> {
  const isDone = state === "applied";
  const begun = isDone ? [isRedo ? "Done again." : "Undone."] : [];
  const text = plain(`Steward: ${[...begun, outcome, ...told].join(" ")}`);
  const buttons = isDone ? [isRedo ? "Undo" : "Redo"] : [];
  const isAll = isDone && told.length === 0;
  const picked = isAll
    ? await vscode.window.showInformationMessage(text, ...buttons)
    : await vscode.window.showWarningMessage(text, ...buttons);
  if (picked !== undefined) {
    await turnRound();
  }
}
