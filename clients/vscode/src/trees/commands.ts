/** What the rows of the trees can do. Each works on the row that it was called on. */

import * as vscode from "vscode";
import { ask, refusal } from "../ask";
import { runNamed } from "../agents";
import { tabName, type VirtualDocuments } from "../documents";
import { giveFeedback } from "../feedback";
import { firstFolder } from "../folder";
import { showFailure } from "../messages";
import { showPage } from "../pages";
import type { PlanDrafts } from "../plan/drafts";
import type { PlanPanels } from "../plan/panels";
import type { AskParams } from "../protocol";
import { pickChoice, type Question, type Questions } from "../questions";
import { cancelRun, resumeRun } from "../runs";
import type { Server } from "../server";
import { redoChanges, restoreBefore, undoChanges } from "../undo";
import type { Row } from "./row";
import type { Trees } from "./trees";

/** What the actions work with. */
export interface Hands {
  server: Server;
  questions: Questions;
  /** Where the texts of questions are kept, and pages. */
  asked: VirtualDocuments;
  pages: VirtualDocuments;
  drafts: PlanDrafts;
  plans: PlanPanels;
  trees: Trees;
}

type Action = (row?: Row) => Promise<void>;

/** The commands of rows, by their names below `steward.client`. */
export function rowCommands(hands: Hands): Record<string, Action> {
  const { server, trees } = hands;
  const actions: Record<string, Action> = {
    showQuestion: on("question", (question) => show(hands, question)),
    allowOnce: on("question", (question) => answer(hands, question, "approve")),
    allowForRun: on("question", (question) => answer(hands, question, "forRun")),
    deny: on("question", (question) => answer(hands, question, "reject")),
    answerQuestion: on("question", (question) => pickAnswer(hands, question)),
    takeBack: on("grant", ({ runId, id }) => server.execute("steward.run.revoke", { runId, grantId: id })),
    showRun: on("run", (run) => showPage(hands, `Run ${run.goal}`, "steward.run.show", { runId: run.id })),
    runSent: on("run", (run) => showPage(hands, `Sent for ${run.goal}`, "steward.run.sent", { runId: run.id })),
    runCosts: on("run", (run) => showPage(hands, `Costs of ${run.goal}`, "steward.usage", { runId: run.id })),
    runAudit: on("run", (run) => showPage(hands, `Audit of ${run.goal}`, "steward.audit", { runId: run.id })),
    feedbackOnRun: on("run", (run) => giveFeedback(server, "run", run.id, `Run ${run.goal}`)),
    cancelThisRun: on("run", (run) => cancelRun(server, run)),
    resumeThisRun: on("run", (run) => resumeRun(server, run)),
    undoThisRun: on("run", (run) => undoChanges(server, run.id)),
    restoreThisRun: on("run", (run) => restoreBefore(server, run.id)),
    redoThisRun: on("run", (run) => redoChanges(server, run.id)),
    runThisAgent: on("agent", (agent) => runNamed(server, agent)),
    openAgent: (row) => openAgent(hands, row),
  };
  const refreshing = Object.entries(actions).map(([name, run]): [string, Action] => [
    name,
    async (row) => {
      try {
        await run(row);
      } finally {
        trees.refresh();
      }
    },
  ]);
  return Object.fromEntries(refreshing);
}

/** An action on what a row is about; on a row of another kind it does nothing. */
function on<K extends "question" | "grant" | "run" | "agent">(
  kind: K,
  act: (about: NonNullable<Row[K]>) => Promise<unknown>,
): Action {
  return async (row) => {
    const about = row?.[kind];
    if (about) {
      await act(about);
    }
  };
}

/** Bring it into view with its choices: the diff or the page that is open here, or a page of its own. */
async function show(hands: Hands, params: AskParams): Promise<void> {
  const question = here(hands, params);
  if (question) {
    await hands.questions.present(question, { isShown: true });
  } else {
    // Not waited for: it stays open as long as nobody answers.
    void borrow(hands, params).catch(showFailure);
  }
}

/** The question as this window asks it; one of another window is not there. */
function here({ questions }: Hands, { id, proposal }: AskParams): Question | undefined {
  return questions.get(id) ?? (proposal ? questions.get(proposal) : undefined);
}

/** Ask what another window shows as a diff of its own, with its whole text, and hand the answer in. */
async function borrow(hands: Hands, params: AskParams): Promise<void> {
  hands.trees.borrowed.add(params.id);
  const said = await ask(params, hands.questions, hands.asked, hands.drafts, hands.plans);
  if (said) {
    await hands.server.execute("steward.answer", { id: params.id, ...said });
  }
}

/** Answer what the row shows. A diff is answered where it is seen. */
async function answer(hands: Hands, params: AskParams, choice: string): Promise<void> {
  const question = here(hands, params);
  if (question?.fingerprint === params.digest) {
    await hands.questions.choose(question, choice);
  } else if (question && choice === "reject" && question.kind === "edit") {
    await hands.questions.choose(question, "discard");
  } else if (choice === "reject") {
    await refuse(hands, params);
  } else {
    await show(hands, params);
  }
}

async function refuse({ server }: Hands, { id, digest, title, takes }: AskParams): Promise<void> {
  const said = takes.includes("reason") ? await refusal(title) : { choice: "reject" };
  if (said) {
    await server.execute("steward.answer", { id, digest, ...said });
  }
}

/** Every answer that the question takes, each with what follows from it. */
async function pickAnswer(hands: Hands, params: AskParams): Promise<void> {
  const question = here(hands, params);
  if (!question) {
    await show(hands, params);
    return;
  }
  const choice = await pickChoice(question);
  if (choice !== undefined) {
    await hands.questions.choose(question, choice);
  }
}

/** An agent's definition: its file where it has one here, else what was written, to be read. */
async function openAgent({ server, pages }: Hands, row?: Row): Promise<void> {
  const folder = firstFolder();
  const path = row?.path ?? (row?.agent?.source === "workspace" ? `.steward/agents/${row.agent.id}.md` : undefined);
  if (path !== undefined && folder) {
    await vscode.window.showTextDocument(vscode.Uri.joinPath(folder.uri, ...path.split("/")));
  } else if (row?.agent) {
    const shown = await server.execute<{ markdown: string }>("steward.agent.show", { agent: row.agent.id });
    const uri = pages.put(pages.uri(`/${tabName(row.agent.name)}.md`, `agent ${row.agent.id}`), shown.markdown);
    await vscode.window.showTextDocument(uri);
  }
}
