/** The plan while it is carried out, and what came of it: how each step stands, and what was done. */

import { isEnded } from "../../src/agreed";
import type { PlanShown, PlanWish, RunSteps, StepState, TraceStep } from "../../src/plan/messages";
import { button, make } from "../elements";

/** How a state is told: a sign for the eye, and a word for everybody. */
const states: Record<StepState, { sign: string; word: string }> = {
  open: { sign: "○", word: "not begun" },
  working: { sign: "◐", word: "working" },
  done: { sign: "●", word: "done" },
  failed: { sign: "✕", word: "failed" },
  refused: { sign: "⊘", word: "refused by you" },
  skipped: { sign: "–", word: "not needed" },
};

const modes: Record<string, string> = {
  step: "step by step",
  dry_run: "dry run: nothing is changed",
  analysis_only: "analysis only: nothing is changed",
};

/** Steps in which a model was asked, so that something was sent. */
const asking = /(?:^|\/)(?:plan|think)(?:-|$)/;

/** The run, drawn anew. `tookMs` is its time so far. */
export function drawnRun(run: RunSteps, shown: PlanShown, tookMs: number, wish: (wish: PlanWish) => void): HTMLElement[] {
  const isOver = isEnded(run.state);
  const belonging = new Set(run.planSteps.flatMap(({ traceSteps }) => traceSteps));
  const apart = run.trace.filter(({ step }) => !belonging.has(step));
  const mode = modes[run.mode];
  return [
    actions(run, shown, wish),
    make("p", { class: "goal" }, make("span", { class: "label" }, "Goal "), run.goal),
    make("p", { class: "about" }, [run.agent, mode].filter(Boolean).join(" · ")),
    make(
      "p",
      { class: `state ${run.state}`, role: "status" },
      make("strong", {}, stateOf(run)),
      run.message && !isOver ? ` ${run.message}` : null,
    ),
    make("p", { class: "about figures" }, `${run.cost} · ${duration(tookMs)}`),
    ...(isOver && run.message ? [make("p", { class: "words said" }, run.message)] : []),
    ...(isOver ? [ending(run, shown, wish)] : []),
    make(
      "ol",
      { class: "steps", "aria-label": "Steps" },
      ...run.planSteps.map((step, place) => stepCard(step, place, run, wish)),
    ),
    ...(apart.length > 0 ? [traceOf("apart", "Beside the plan: thinking, asking and reading", apart, wish)] : []),
  ];
}

/** A time in a few characters. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function stateOf(run: RunSteps): string {
  const capped = run.capped ? ` early, at a limit (${run.capped})` : "";
  const word: Record<string, string> = {
    planning: "Planning.",
    waiting: "Waits for you.",
    working: "At work.",
    finished: `Finished${capped}.`,
    failed: "Failed.",
    cancelled: "Cancelled.",
  };
  return word[run.state] ?? run.state;
}

function stepCard(
  { title, tool, state, traceSteps }: RunSteps["planSteps"][number],
  place: number,
  run: RunSteps,
  wish: (wish: PlanWish) => void,
): HTMLLIElement {
  const { sign, word } = states[state];
  const own = run.trace.filter(({ step }) => traceSteps.includes(step));
  return make(
    "li",
    { class: `card ${state}`, ...(state === "working" ? { "aria-current": "step" } : {}) },
    make(
      "h2",
      {},
      make("span", { class: "sign", "aria-hidden": "true" }, sign),
      make("span", { class: "number" }, `${place + 1}`),
      title,
    ),
    make("p", { class: "about" }, make("code", {}, tool), `  ${word}`),
    own.length > 0 && traceOf(`trace-${place}`, own.length === 1 ? "1 step of its trace" : `${own.length} steps of its trace`, own, wish),
  );
}

function traceOf(key: string, title: string, rows: TraceStep[], wish: (wish: PlanWish) => void): HTMLElement {
  return make(
    "details",
    { class: "trace", "data-key": key },
    make("summary", { "data-key": `${key}-summary` }, title),
    make("ul", {}, ...rows.map((row) => traceRow(row, wish))),
  );
}

function traceRow(row: TraceStep, wish: (wish: PlanWish) => void): HTMLLIElement {
  const took = row.tookMs === null ? "" : row.tookMs < 1000 ? `${row.tookMs} ms` : duration(row.tookMs);
  const figures = [took, row.cost, row.tokens > 0 && `${row.tokens.toLocaleString("en")} tokens`].filter(Boolean).join(" · ");
  return make(
    "li",
    { class: row.ok ? "" : "failed" },
    button(row.title || row.step, () => wish({ type: "step", step: row.step }), {
      key: `step-${row.step}`,
      class: "link",
      label: `Show the trace of ${row.title || row.step}`,
    }),
    asking.test(row.step) &&
      button("what was sent", () => wish({ type: "sent", step: row.step }), {
        key: `sent-${row.step}`,
        class: "link small",
        label: `Show what was sent in ${row.step}`,
      }),
    make("span", { class: "fine" }, row.ok ? "" : "not carried out", figures && ` ${figures}`),
    row.detail ? make("span", { class: "detail" }, row.detail) : null,
  );
}

function ending(run: RunSteps, { changed }: PlanShown, wish: (wish: PlanWish) => void): HTMLElement {
  const undone = run.undone === "yes" ? "All that it changed is undone." : run.undone === "partly" ? "A part of what it changed is undone." : "";
  const files = changed.map((path) =>
    make("li", {}, button(path, () => wish({ type: "open", path }), { key: `open-${path}`, class: "link", label: `Open ${path}` })),
  );
  return make(
    "section",
    { class: "ending", "aria-label": "What was changed" },
    make("h2", {}, "What was changed"),
    undone ? make("p", {}, undone) : null,
    files.length > 0 ? make("ul", { class: "chips" }, ...files) : !undone && make("p", {}, "No file."),
  );
}

function actions(run: RunSteps, { changed }: PlanShown, wish: (wish: PlanWish) => void): HTMLElement {
  const isOver = isEnded(run.state);
  return make(
    "div",
    { class: "answers", role: "group", "aria-label": "This run" },
    make(
      "div",
      { class: "row" },
      !isOver && button("Cancel run", () => wish({ type: "cancel" }), { key: "cancel" }),
      isOver &&
        changed.length > 0 &&
        button("Undo this run", () => wish({ type: "undo" }), { key: "undo", label: "Undo this run: you see the diff first" }),
      button("Show run", () => wish({ type: "run" }), { key: "run" }),
    ),
  );
}
