/** Programs that are run to their end: what they said, and whether it went well. */

import { spawn } from "node:child_process";
import type * as vscode from "vscode";

/** How a program ended. */
export interface Ended {
  /** `null` where it was cancelled or could not be started. */
  code: number | null;
  output: string;
}

/** More than this is not kept of what a program says. */
const outputMax = 200_000;

/** Run a program in `folder`; `said` is told of each piece of what it says. Never rejects. */
export function run(
  program: string,
  args: string[],
  folder: string,
  token?: vscode.CancellationToken,
  said: (text: string) => void = () => undefined,
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
    const cancelled = token?.onCancellationRequested(() => child.kill());
    let output = "";
    const hear = (piece: Buffer): void => {
      const text = piece.toString("utf8");
      output = (output + text).slice(-outputMax);
      said(text);
    };
    const end = (code: number | null, more = ""): void => {
      cancelled?.dispose();
      resolve({ code, output: output + more });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", (error) => end(null, error.message));
    child.on("close", (code) => end(code));
  });
}
