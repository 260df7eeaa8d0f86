/** The page of the plan: asked about first, then followed. */

import { isEnded } from "../../src/agreed";
import type { PlanShown, PlanWish } from "../../src/plan/messages";
import { make } from "../elements";
import { host, onMessage } from "../host";
import { Draft, type KeptDraft } from "../plan/draft";
import { drawnRun, duration } from "../plan/progress";
import { PlanQuestion } from "../plan/question";
import { redraw } from "../redraw";

const root = document.getElementById("root") as HTMLElement;
const spoken = make("div", { class: "spoken", "aria-live": "polite" });
const content = make("div", { class: "plan" });

let shown: PlanShown | undefined;
let question: PlanQuestion | undefined;
let heardAt = 0;

function wish(wanted: PlanWish): void {
  host.postMessage(wanted);
}

function draw(): void {
  if (!shown) {
    return;
  }
  const notice = shown.notice ? [make("p", { class: "notice", role: "alert" }, shown.notice)] : [];
  const title = make("h1", { "data-key": "title", tabindex: "-1" }, shown.title);
  redraw(content, title, ...notice, ...body(shown));
}

function body(now: PlanShown): HTMLElement[] {
  if (question) {
    return question.drawn();
  }
  if (now.run) {
    return drawnRun(now.run, now, tookMs(now), wish);
  }
  // Nobody here knows how it ended before the run was looked at.
  return now.notice ? [] : [make("p", { class: "about", role: "status" }, "The question is closed.")];
}

function tookMs({ run }: PlanShown): number {
  return (run?.tookMs ?? 0) + (run && !isEnded(run.state) ? performance.now() - heardAt : 0);
}

function keep(): void {
  host.setState(question?.draft.kept());
  wish({ type: "touched", isChanged: question?.draft.isChanged ?? false });
}

const desk = {
  root: content,
  wish,
  draw,
  changed(said?: string): void {
    keep();
    draw();
    if (said) {
      spoken.textContent = said;
    }
  },
  worded(): void {
    const was = content.querySelector("[data-key=send]") !== null;
    keep();
    // The way to answer changes with the first word that does.
    if (was !== question?.draft.isChanged) {
      draw();
    }
  },
};

function hear(now: PlanShown): void {
  const before = shown;
  shown = now;
  heardAt = performance.now();
  if (now.asked?.fingerprint !== question?.draft.asked.fingerprint) {
    question = now.asked ? new PlanQuestion(new Draft(now.asked, host.getState() as KeptDraft | undefined), desk) : undefined;
    wish({ type: "touched", isChanged: question?.draft.isChanged ?? false });
  }
  draw();
  if (before && now.edits > before.edits) {
    question?.edit();
  }
}

root.append(content, spoken);
onMessage(hear);
setInterval(() => {
  const figures = content.querySelector(".figures");
  if (figures && shown?.run && !isEnded(shown.run.state)) {
    figures.textContent = `${shown.run.cost} · ${duration(tookMs(shown))}`;
  }
}, 1000);
wish({ type: "ready" });
