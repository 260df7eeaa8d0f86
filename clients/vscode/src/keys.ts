/** A model's key, given in a terminal: VS Code itself neither sees nor keeps it. */

import * as vscode from "vscode";
import type { Server } from "./server";

const providers = ["openai", "anthropic", "gemini", "mistral", "codestral", "deepseek"];
const other = "Another…";

/** Open a terminal that asks for a provider's key; the server starts anew once it is there. */
export async function addKey(server: Server): Promise<void> {
  const picked = await vscode.window.showQuickPick([...providers, other], {
    title: "Steward: a key of which provider?",
  });
  const provider = picked === other ? await named() : picked;
  const program = await server.program();
  if (!provider || program === undefined) {
    return;
  }
  const terminal = vscode.window.createTerminal({
    name: "Steward: key",
    shellPath: program.command,
    shellArgs: [...program.args.filter((arg) => arg !== "lsp"), "key", "add", provider],
    env: program.variables,
  });
  const closed = vscode.window.onDidCloseTerminal((ended) => {
    if (ended === terminal) {
      closed.dispose();
      void server.restart();
    }
  });
  terminal.show();
}

async function named(): Promise<string | undefined> {
  const name = await vscode.window.showInputBox({
    title: "Steward: which provider?",
    prompt: "Its name in Steward's settings.",
    validateInput: (text) => (/^[a-z0-9][a-z0-9_-]*$/.test(text) ? undefined : "Small letters, digits, - and _."),
  });
  return name;
}
