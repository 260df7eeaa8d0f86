/** Runs: looked at, cancelled, taken up again, and what they were granted taken back. */

import * as vscode from "vscode";
import { isEnded } from "./agreed";
import { plainIcon } from "./messages";
import type { ContextMeter, DenialSummary, GrantSummary, RunSummary } from "./protocol";
import type { Server } from "./server";

/** As many as the server tells of at once. */
const listedMax = 200;

/** Whether nothing more comes of a run by itself. */
export function hasEnded({ state }: RunSummary): boolean {
  return isEnded(state);
}

/** When a run began, for a person to read. */
export function startedAt({ startedAt: at }: RunSummary): string {
  return atMinute(at);
}

/** Which limit a run ended at → how a higher one is asked for and named to the server. */
const limits: Record<string, { name: string; unit: string }> = {
  tokens: { name: "tokenLimit", unit: "tokens" },
  cost: { name: "costLimitUsd", unit: "US dollars" },
  steps: { name: "stepLimit", unit: "steps" },
  time: { name: "minutes", unit: "minutes" },
};

/** Let the person pick a run. */
export async function pickRun(
  server: Server,
  title: string,
  wanted: (run: RunSummary) => boolean,
): Promise<RunSummary | undefined> {
  const runs = (await server.execute<RunSummary[]>("steward.runs", { limit: listedMax })).filter(wanted);
  if (runs.length === 0) {
    void vscode.window.showInformationMessage("Steward: there is no such run.");
    return undefined;
  }
  const items = runs.map((run) => ({
    label: plainIcon(run.goal),
    description: [run.state, run.cost, undoneIn(run)].filter(Boolean).join(" · "),
    detail: plainIcon(`${run.agent}, started ${atMinute(run.startedAt)}${fullness(run.context)}`),
    run,
  }));
  return (await vscode.window.showQuickPick(items, { title, ignoreFocusOut: true }))?.run;
}

/** How full a run's conversation is, to be put behind something; empty where nobody knows. */
export function fullness(context: ContextMeter | null | undefined): string {
  if (!context || context.room === 0) {
    return "";
  }
  const shortened = context.shortened + context.leftOut > 0 ? ", shortened" : "";
  return `, ${Math.round((100 * context.tokens) / context.room)} % of its room${shortened}`;
}

function undoneIn({ undone }: RunSummary): string {
  return undone === "yes" ? "undone" : undone === "partly" ? "partly undone" : "";
}

/** A time of the server's, to the minute. */
export function atMinute(at: string): string {
  return `${at.slice(0, 16).replace("T", " ")} UTC`;
}

/** Cancel a run that has not ended: this one, or one that the person picks. */
export async function cancelRun(server: Server, named?: RunSummary): Promise<void> {
  const run = named ?? (await pickRun(server, "Steward: cancel which run?", (one) => !hasEnded(one)));
  if (run) {
    await server.execute("steward.run.cancel", { runId: run.id });
  }
}

/** Let an ended run go on from what it finished, with a higher limit where it ended at one. */
export async function resumeRun(server: Server, named?: RunSummary): Promise<void> {
  const canGoOn = ({ state, capped }: RunSummary): boolean =>
    isEnded(state) && (state !== "finished" || Boolean(capped));
  const run = named ?? (await pickRun(server, "Steward: resume which run?", canGoOn));
  const limit = limits[run?.capped ?? ""];
  const raised = limit && (await askLimit(limit.unit));
  if (run && (!limit || raised !== undefined)) {
    const more = limit && raised !== undefined ? { [limit.name]: raised } : {};
    await server.execute("steward.run.resume", { runId: run.id, ...more });
  }
}

async function askLimit(unit: string): Promise<number | undefined> {
  const given = await vscode.window.showInputBox({
    title: "Steward: it ended at a limit",
    prompt: `How many ${unit} may it take in all?`,
    ignoreFocusOut: true,
    validateInput: (text) => (Number(text) > 0 ? undefined : "A number greater than zero."),
  });
  return given === undefined ? undefined : Number(given);
}

/** List what runs were granted and refused; what is picked is taken back and is asked about again. */
export async function revokeGrants(server: Server): Promise<void> {
  const [grants, denials, runs] = await Promise.all([
    server.execute<GrantSummary[]>("steward.run.grants"),
    server.execute<DenialSummary[]>("steward.run.denials"),
    server.execute<RunSummary[]>("steward.runs"),
  ]);
  const rows = [
    ...section("Granted for the rest of a run", grants, runs),
    // A refusal holds as long as its run is kept; those of the newest runs are the ones in question.
    ...section(
      "Refused",
      denials.filter(({ runId }) => runs.some(({ id }) => id === runId)).reverse(),
      runs,
    ),
  ];
  if (rows.length === 0) {
    void vscode.window.showInformationMessage("Steward: nothing that was granted or refused counts any more.");
    return;
  }
  const picked = await vscode.window.showQuickPick<GrantRow>(rows, {
    title: "Steward: granted and refused in runs",
    placeHolder: "Pick what you want to take back; it is asked about again from then on",
    // The run goes on meanwhile, and a diff that it opens must not cost the person their choice.
    ignoreFocusOut: true,
  });
  if (picked?.grant) {
    const { runId, id } = picked.grant;
    await server.execute("steward.run.revoke", { runId, grantId: id });
  }
}

type GrantRow = vscode.QuickPickItem & { grant?: GrantSummary };

/** What still counts, below a heading. A refused change has no tool: its title says it. */
function section(title: string, found: GrantSummary[], runs: RunSummary[]): GrantRow[] {
  const rows = found
    .filter(({ isOver }) => !isOver)
    .map((grant) => ({
      // What is called without arguments has nothing to add to its name.
      label: plainIcon(`${grant.tool} ${grant.subject === "{}" ? "" : grant.subject}`.trim()),
      detail: plainIcon(runs.find(({ id }) => id === grant.runId)?.goal ?? grant.runId),
      grant,
    }));
  return rows.length > 0 ? [{ label: title, kind: vscode.QuickPickItemKind.Separator }, ...rows] : [];
}
