/** Steward in VS Code: the parts, joined. */

import * as vscode from "vscode";
import {
  type LanguageClient,
  type LanguageClientOptions,
  ShowMessageNotification,
  State,
} from "vscode-languageclient/node";
import { Aftermath } from "./aftermath";
import { ask, ChoiceLenses } from "./ask";
import { Chat } from "./chat/chat";
import { registerCommands } from "./commands";
import { confirmEdit, questionId } from "./confirm";
import { Diffs } from "./diff";
import { VirtualDocuments } from "./documents";
import { Extensions } from "./extensions/extensions";
import { Panels } from "./extensions/panels";
import { extensionsChanged, panelShown } from "./extensions/protocol";
import { runCommand, type Which } from "./extensions/run";
import { Installation } from "./install";
import { showMessage } from "./messages";
import { type Lines, showWhyOf } from "./pages";
import { PlanDrafts } from "./plan/drafts";
import { PlanPanels } from "./plan/panels";
import { CancellableProgress } from "./progress";
import { askClosed, askRequest, chatPiece, runChanged, statusChanged } from "./protocol";
import { Questions } from "./questions";
import { Reviews } from "./review/reviews";
import { registerReviewViews } from "./review/views";
import { Saves } from "./saves";
import { Server } from "./server";
import { StatusBar } from "./status";
import { Typing } from "./typing";
import { Trees } from "./trees/trees";
import { offerTrust } from "./trust";
import { Walkthrough } from "./welcome";

let running: Server | undefined;

/** Start with the editor. */
export function activate(context: vscode.ExtensionContext): void {
  const questions = new Questions();
  const asked = new VirtualDocuments("steward-question");
  const proposed = new VirtualDocuments("steward-proposal");
  const pages = new VirtualDocuments("steward-page");
  const drafts = new PlanDrafts(questions);
  const saves = new Saves();
  const typing = new Typing();
  const aftermath = new Aftermath(() => server, typing);
  const diffs = new Diffs(proposed);
  const reviews = new Reviews(proposed.scheme, (command, ...args) => server.execute(command, ...args));
  const status = new StatusBar(questions);
  const progress = new CancellableProgress();
  const walkthrough = new Walkthrough(context);

  const connect = (client: LanguageClient): void => {
    client.onDidChangeState(({ newState }) => newState === State.Running && started());
    client.onRequest(askRequest, (params) => ask(params, questions, asked, drafts, plans));
    client.onNotification(askClosed, ({ id }) => questions.close(questionId(id)));
    client.onNotification(statusChanged, (params) => {
      status.update(params);
      walkthrough.statusChanged(params);
      plans.back();
      chat.statusChanged(params);
      trees.statusChanged(params);
    });
    client.onNotification(chatPiece, (piece) => chat.hear(piece));
    client.onNotification(extensionsChanged, () => extensions.refresh());
    client.onNotification(panelShown, (params) => panels.show(params));
    client.onNotification(runChanged, (params) => {
      const { runId, state, message } = params;
      plans.runChanged(params);
      walkthrough.ran();
      void aftermath.runChanged(params);
      trees.runChanged();
      client.outputChannel.appendLine(`run ${runId}: ${state}. ${message}`);
    });
    client.onNotification(ShowMessageNotification.type, showMessage);
  };
  const options = (): LanguageClientOptions => ({
    middleware: {
      handleWorkDoneProgress: (token, value, next) =>
        progress.handle(token, value, next, () => server.running()),
      // Entries of the light bulb: what comes of them is shown here as always, and not by the server.
      executeCommand: (command, args, next) => {
        switch (command) {
          case "steward.why":
            return showWhyOf({ server, pages }, args[0] as Lines);
          case "steward.extension.run":
            return runCommand(extensions, args[0] as Which);
          default:
            return next(command, args);
        }
      },
      workspace: {
        handleApplyEdit: (params) =>
          confirmEdit(params, {
            questions,
            reviews,
            diffs,
            saves,
            typing,
            landed: (runId) => aftermath.note(runId),
            asUri: (value) => server.running().protocol2CodeConverter.asUri(value),
          }),
      },
    },
  });
  const stopped = (): void => {
    questions.closeAll();
    plans.gone();
    progress.clear();
    status.update(undefined);
    chat.stopped();
    trees.statusChanged(undefined);
    extensions.gone();
  };
  const started = (): void => {
    chat.connected();
    trees.refresh();
    extensions.refresh();
    void offerTrust(server, context.globalState)
      .then(() => trees.refresh())
      .catch(told);
  };
  const log = vscode.window.createOutputChannel("Steward Installation");
  const installation = new Installation(context, log);
  const server = new Server(context.globalStorageUri.fsPath, installation, options, connect, stopped);
  const chat = new Chat({
    server,
    questions,
    pages,
    extension: context.extensionUri,
    memory: context.workspaceState,
  });
  running = server;
  const extensions = new Extensions(server);
  const panels = new Panels(context.extensionUri, extensions);
  const plans = new PlanPanels({ extension: context.extensionUri, server, questions, drafts, pages });
  const trees = new Trees({ server, questions, status, extensions });
  const executed = (command: string): void => {
    walkthrough.executed(command);
    if (command === "steward.undo" || command === "steward.redo") {
      plans.undone();
      trees.runChanged();
    }
  };
  context.subscriptions.push(
    ...[asked, proposed, pages].map((documents) => documents.register()),
    vscode.languages.registerCodeLensProvider({ scheme: asked.scheme }, new ChoiceLenses(questions)),
    drafts.register(),
    typing,
    registerReviewViews(reviews),
    chat.register(),
    registerCommands({
      ...{ server, installation, questions, asked, pages, drafts, plans },
      ...{ status, chat, reviews, typing, trees, walkthrough, extensions, panels },
    }),
    server.onDidExecute(executed),
    status,
    trees,
    extensions,
    panels,
    log,
    vscode.workspace.onDidChangeWorkspaceFolders(() => startAnew(server)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("steward")) {
        startAnew(server);
      }
    }),
  );
  // Not waited for: the editor counts what activation takes, and the status says when it is ready.
  void server.start().catch(told);
  void walkthrough.openOnce();
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
