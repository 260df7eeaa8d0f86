/** Steward in VS Code: the parts, joined. */

import * as vscode from "vscode";
import {
  type HandlerResult,
  type LanguageClient,
  type LanguageClientOptions,
  ResponseError,
} from "vscode-languageclient/node";
import { ask, ChoiceLenses } from "./ask";
import { registerCommands } from "./commands";
import { confirmEdit, questionId } from "./confirm";
import { VirtualDocuments } from "./documents";
import { CancellableProgress } from "./progress";
import { askClosed, askRequest, statusChanged } from "./protocol";
import { Questions } from "./questions";
import { Server } from "./server";
import { StatusBar } from "./status";

let running: Server | undefined;

/** Once the person said yes, the edit is carried out. */
const noCancellation = new vscode.CancellationTokenSource().token;

/** Start with the editor. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const questions = new Questions();
  const asked = new VirtualDocuments("steward-question");
  const proposed = new VirtualDocuments("steward-proposal");
  const pages = new VirtualDocuments("steward-page");
  const status = new StatusBar(questions);
  const progress = new CancellableProgress();

  const connect = (client: LanguageClient): void => {
    client.onRequest(askRequest, (params) => ask(params, questions, asked));
    client.onNotification(askClosed, ({ id }) => questions.close(questionId(id)));
    client.onNotification(statusChanged, (params) => status.update(params));
  };
  const options = (): LanguageClientOptions => ({
    middleware: {
      handleWorkDoneProgress: (token, value, next) =>
        progress.handle(token, value, next, () => server.running()),
      workspace: {
        handleApplyEdit: (params, next) =>
          confirmEdit(params, (edit) => settled(next(edit, noCancellation)), {
            questions,
            documents: proposed,
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
  );
  // A failure has been told by then; the commands must stay, to start anew.
  await server.start().catch(() => undefined);
}

/** A result, or the error thrown; the protocol library may hand either over. */
async function settled<T>(result: HandlerResult<T, void>): Promise<T> {
  const value = await result;
  if (value instanceof ResponseError) {
    throw value;
  }
  return value as T;
}

/** End with the editor. */
export async function deactivate(): Promise<void> {
  await running?.stop();
}
