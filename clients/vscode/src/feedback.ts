/** What the person thinks of a run, an answer or a suggestion: asked for, and handed to the server. */

import * as vscode from "vscode";
import { line, plainIcon } from "./messages";
import type { Server } from "./server";

/** What can be thought of. */
export type About = "answer" | "suggestion" | "run";
export type Verdict = "good" | "bad";

const COMMENT_CHARS_MAX = 4_000;
const TOLD_MS = 8_000;

/** Ask what they think, and why; nothing is kept where they leave either open. */
export async function giveFeedback(server: Server, about: About, subject: string, title: string): Promise<void> {
  const verdicts: (vscode.QuickPickItem & { verdict: Verdict })[] = [
    { label: "$(thumbsup) It Was Good", verdict: "good" },
    { label: "$(thumbsdown) It Was Bad", verdict: "bad" },
  ];
  const picked = await vscode.window.showQuickPick(verdicts, { title: line(title), placeHolder: "What do you think?" });
  if (picked) {
    await sayWhy(server, about, subject, title, picked.verdict);
  }
}

/** They said whether it was good; ask why, and keep both. */
export async function sayWhy(
  server: Server,
  about: About,
  subject: string,
  title: string,
  verdict: Verdict,
): Promise<void> {
  const comment = await vscode.window.showInputBox({
    title: line(title),
    prompt: `Why was it ${verdict}? Leave it empty to say no more. What looks like a secret is not kept.`,
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.length > COMMENT_CHARS_MAX ? `Say it in at most ${COMMENT_CHARS_MAX} characters.` : undefined,
  });
  if (comment !== undefined) {
    await server.execute("steward.feedback", { about, subject, verdict, comment });
    vscode.window.setStatusBarMessage(plainIcon(`Steward keeps that the ${about} was ${verdict}.`), TOLD_MS);
  }
}
