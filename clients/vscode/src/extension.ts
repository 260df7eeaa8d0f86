/** Steward in VS Code: the parts, joined. */

import * as vscode from "vscode";
import {
  type LanguageClient,
  type LanguageClientOptions,
  ShowMessageNotification,
} from "vscode-languageclient/node";
import { ask, ChoiceLenses } from "./ask";
import { registerCommands } from "./commands";
import { confirmEdit, questionId } from "./confirm";
import { VirtualDocuments } from "./documents";
import { showMessage } from "./messages";
import { CancellableProgress } from "./progress";
import { askClosed, askRequest, runChanged, statusChanged } from "./protocol";
import { Questions } from "./questions";
import { Saves } from "./saves";
import { Server } from "./server";
import { StatusBar } from "./status";

let running: Server | undefined;

/** Start with the editor. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const questions = new Questions();
  const asked = new VirtualDocuments("steward-question");
  const proposed = new VirtualDocuments("steward-proposal");
  const pages = new VirtualDocuments("steward-page");
  const saves = new Saves();
  const status = new StatusBar(questions);
  const progress = new CancellableProgress();

  const connect = (client: LanguageClient): void => {
    client.onRequest(askRequest, (params) => ask(params, questions, asked));
    client.onNotification(askClosed, ({ id }) => questions.close(questionId(id)));
    client.onNotification(statusChanged, (params) => status.update(params));
    client.onNotification(runChanged, ({ runId, state, message }) => {
      client.outputChannel.appendLine(`run ${runId}: ${state}. ${message}`);
    });
    client.onNotification(ShowMessageNotification.type, showMessage);
  };
  const options = (): LanguageClientOptions => ({
    middleware: {
      handleWorkDoneProgress: (token, value, next) =>
        progress.handle(token, value, next, () => server.running()),
      workspace: {
        handleApplyEdit: (params) =>
          confirmEdit(params, {
            questions,
            documents: proposed,
            saves,
            asUri: (value) => server.running().protocol2CodeConverter.asUri(value),
          }),
      },
    },
  });
  const stopped = (): void => {
    questions.closeAll();
    progress.clear();
    status.update(undefined);
  };
  const server = new Server(context.globalStorageUri.fsPath, options, connect, stopped);
  running = server;
  context.subscriptions.push(
    ...[asked, proposed, pages].map((documents) => documents.register()),
    vscode.languages.registerCodeLensProvider({ scheme: asked.scheme }, new ChoiceLenses(questions)),
    registerCommands({ server, questions, pages, status }),
    status,
    vscode.workspace.onDidChangeWorkspaceFolders(() => startAnew(server)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("steward")) {
        startAnew(server);
      }
    }),
  );
  await server.start().catch(told);
}

/** The server reads settings and folders once, as it starts. */
function startAnew(server: Server): void {
  void server.restart().catch(told);
}

/** The protocol library has shown the error by then; the commands stay, to try again. */
function told(): void {
  return;
}

/** End with the editor. */
export async function deactivate(): Promise<void> {
  await running?.stop();
}
