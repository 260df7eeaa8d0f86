/** What terminals show: what is selected in one, and what the last command wrote where shells tell. */

import * as vscode from "vscode";

/** The most that is kept of a command's output; its end is. */
const OUTPUT_CHARS_MAX = 20_000;
/** How long the editor may take to copy what is selected. */
const COPY_MS = 300;
const STEP_MS = 20;

/** What a command wrote. */
export interface Output {
  command: string;
  output: string;
}

// Colours, cursor movements and titles, as terminals are told of them.
const ESCAPES = /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-Z\\-_]|\x1b[ -/]+[0-~]/g;

/** Listens to the terminals; nothing leaves here unless the person adds it to a question. */
export class Terminals implements vscode.Disposable {
  private readonly outputs = new WeakMap<vscode.Terminal, Output>();
  private readonly listening = vscode.window.onDidStartTerminalShellExecution((started) => void this.listen(started));

  /** The end of what the last command in the active terminal wrote; shells with VS Code's integration only. */
  last(): Output | undefined {
    const terminal = vscode.window.activeTerminal;
    const output = terminal && this.outputs.get(terminal);
    return output?.output.trim() ? { ...output, output: readable(output.output) } : undefined;
  }

  /**
   * What is selected in the active terminal. VS Code tells it by way of the clipboard only, which is
   * put back as it was.
   */
  async selected(): Promise<string> {
    if (!vscode.window.activeTerminal) {
      return "";
    }
    const before = await vscode.env.clipboard.readText();
    const none = `steward ${Date.now()}`;
    await vscode.env.clipboard.writeText(none);
    try {
      await vscode.commands.executeCommand("workbench.action.terminal.copySelection");
      return await changed(none);
    } finally {
      await vscode.env.clipboard.writeText(before);
    }
  }

  dispose(): void {
    this.listening.dispose();
  }

  private async listen({ terminal, execution }: vscode.TerminalShellExecutionStartEvent): Promise<void> {
    const kept: Output = { command: execution.commandLine.value.slice(0, 200), output: "" };
    this.outputs.set(terminal, kept);
    for await (const piece of execution.read()) {
      kept.output = (kept.output + piece).slice(-2 * OUTPUT_CHARS_MAX);
    }
  }
}

async function changed(none: string): Promise<string> {
  for (let waited = 0; waited < COPY_MS; waited += STEP_MS) {
    const text = await vscode.env.clipboard.readText();
    if (text !== none) {
      return text;
    }
    await new Promise((settle) => setTimeout(settle, STEP_MS));
  }
  return "";
}

/** What a person saw of it: a line that was written over is what it was in the end. */
function readable(output: string): string {
  const lines = output.replace(ESCAPES, "").replaceAll("\r\n", "\n").split("\n");
  const seen = lines.map((line) => line.replace(/\r+$/, "")).map((line) => line.slice(line.lastIndexOf("\r") + 1));
  return seen.map((line) => line.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "")).join("\n").trim().slice(-OUTPUT_CHARS_MAX);
}
