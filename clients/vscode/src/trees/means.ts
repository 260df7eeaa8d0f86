/** What this person may spend and which models they may ask; and how ghost text stands. */

import type { BudgetStanding, ModelStanding, StatusParams } from "../protocol";
import type { Server } from "../server";
import type { Row } from "./row";

/** Ghost text, the models that answer for tasks, budgets, and what other models there are. */
export async function means(server: Server, status: StatusParams | undefined): Promise<Row[]> {
  const [budgets, models] = await Promise.all([
    server.execute<BudgetStanding[]>("steward.budgets"),
    server.execute<ModelStanding[]>("steward.models"),
  ]);
  const isTasked = ({ tasks }: ModelStanding): boolean => tasks.length > 0;
  const others = models.filter((model) => !isTasked(model));
  return [
    ghostRow(status),
    {
      id: "models",
      label: "Models",
      description: models.length === 0 ? (status?.reason ?? "none is configured") : "",
      children: models.filter(isTasked).map(modelRow),
      isOpen: true,
    },
    { id: "budgets", label: "Budgets", children: tightestFirst(budgets).map(budgetRow), isOpen: true },
    ...(others.length === 0
      ? []
      : [{ id: "others", label: "Other models", description: `${others.length}`, children: others.map(modelRow) }]),
  ];
}

/** What has a limit first, and of that what is used up most. */
function tightestFirst(budgets: BudgetStanding[]): BudgetStanding[] {
  return budgets.toSorted((one, other) => (other.usedPercent ?? -1) - (one.usedPercent ?? -1));
}

const looks: Record<BudgetStanding["state"], { icon: string; color?: string; word: string }> = {
  ok: { icon: "law", word: "" },
  warned: { icon: "warning", color: "list.warningForeground", word: "80 % is spent" },
  nearly: { icon: "error", color: "list.errorForeground", word: "95 % is spent" },
  "used up": { icon: "stop-circle", color: "list.errorForeground", word: "used up" },
};

function budgetRow(budget: BudgetStanding): Row {
  const { icon, color, word } = looks[budget.state];
  const of = budget.limit === null ? "no limit" : `of ${budget.limit}, ${budget.usedPercent} %`;
  const id = `budget/${budget.account}`;
  const told: [string, string | null][] = [
    ["Spent", budget.spent],
    ["Set aside for calls under way", budget.reserved],
    ["Left", budget.left],
    ["Renewed on", budget.resetsOn],
  ];
  return {
    id,
    label: shortName(budget.account),
    description: [`${budget.spent} ${of}`, word].filter(Boolean).join(" · "),
    icon,
    tip: [capital(budget.name), `${budget.spent} ${of}`, ...(word === "" ? [] : [word])],
    ...(color === undefined ? {} : { color }),
    can: ["budget"],
    children: told
      .filter(([, value]) => value !== null)
      .map(([label, value]) => ({ id: `${id}/${label}`, label: `${label} ${value}` })),
  };
}

const taskNames: Record<string, string> = {
  completion: "ghost text",
  plan: "plans",
  agent: "agents",
  chat: "chat",
  next_edit: "next edits",
  embedding: "embeddings",
};

const modelIcons: Record<ModelStanding["state"], string> = {
  ready: "pass",
  resting: "debug-pause",
  "no key": "key",
  "no price": "law",
  "not configured": "circle-slash",
  off: "circle-slash",
};

function modelRow(model: ModelStanding): Row {
  const tasks = model.tasks.map((task) => taskNames[task] ?? task).join(", ");
  const state = model.state === "ready" ? "" : model.state;
  return {
    id: `model/${model.id}`,
    label: model.id,
    description: [state, tasks, model.price].filter(Boolean).join(" · "),
    icon: modelIcons[model.state] ?? "circle-slash",
    tip: [model.id, `${model.state}. ${model.why}`, tasks && `Answers: ${tasks}`, model.price].filter(Boolean),
    can: ["model", ...(model.state === "no key" ? ["keyless"] : [])],
    ...(model.why === "" ? {} : { children: [{ id: `model/${model.id}/why`, label: model.why, icon: "info" }] }),
  };
}

function ghostRow(status: StatusParams | undefined): Row {
  const standing = status?.ghostText;
  const state = standing?.state ?? "unavailable";
  const isAway = state === "off" || state === "unavailable";
  return {
    id: "ghost",
    label: "Ghost text",
    description: isAway ? (standing?.reason ?? "unavailable") : "on",
    icon: isAway ? "circle-slash" : "lightbulb",
    tip: ["Ghost text", standing?.reason ?? "Suggestions come where they can."],
    can: ["ghost"],
    command: { id: "steward.client.explainGhostText", title: "Why Is There No Suggestion?" },
  };
}

/** Whose it is, in as many words as a narrow side bar has room for beside the sums. */
function shortName(account: string): string {
  const [kind = "", name = ""] = account.split(/:(.*)/s);
  switch (kind) {
    case "session":
      return "This session";
    case "workspace":
      return "This workspace";
    case "user":
      return "You";
    case "team":
      return `Team ${name}`;
    default:
      return "Organisation";
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
