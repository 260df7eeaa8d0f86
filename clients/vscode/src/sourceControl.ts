/**
 * Commit messages and pull requests' texts in VS Code's own source control.
 *
 * A text is put where the person writes theirs, and that is all: nothing is committed, pushed or
 * opened, and what stands there is replaced only when they say so.
 */

import * as path from "node:path";
import * as vscode from "vscode";
import { plain } from "./messages";
import type { CommitDraft, PullRequestDraft } from "./protocol";
import type { Server } from "./server";

/** What is used of the API of VS Code's git extension, version 1. */
interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): { readonly repositories: readonly Repository[] };
}

interface Repository {
  readonly rootUri: vscode.Uri;
  readonly inputBox: { value: string };
}

/** Have a commit message written into the input box of the repository. */
export async function writeCommitMessage(server: Server): Promise<void> {
  const repository = await repositoryHere();
  const { inputBox } = repository;
  const before = inputBox.value;
  if (!(await mayReplace(before))) {
    return;
  }
  const draft = await asking<CommitDraft>(server, "writing a commit message…", "steward.commit.message");
  // Asked anew where it was written into meanwhile.
  if (!draft || (inputBox.value !== before && !(await mayReplace(inputBox.value)))) {
    return;
  }
  inputBox.value = draft.message;
  tellLeftOut(draft.leftOut);
}

/** Have the text of a pull request written, and open it as a document that is not saved. */
export async function writePullRequestText(server: Server): Promise<void> {
  const title = "writing a pull request's text…";
  const draft = await asking<PullRequestDraft>(server, title, "steward.pullRequest.text");
  if (draft) {
    const content = `# ${draft.title}\n\n${draft.body}\n`;
    const document = await vscode.workspace.openTextDocument({ language: "markdown", content });
    await vscode.window.showTextDocument(document);
    tellLeftOut(draft.leftOut);
  }
}

async function asking<T>(server: Server, title: string, command: string): Promise<T | undefined> {
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress(
    { location, title: `Steward: ${title}`, cancellable: true },
    async (_progress, token) => {
      try {
        return await server.executeCancellable<T>(command, {}, token);
      } catch (error) {
        if (token.isCancellationRequested) {
          return undefined;
        }
        throw error;
      }
    },
  );
}

async function mayReplace(text: string): Promise<boolean> {
  if (text.trim() === "") {
    return true;
  }
  const replace = "Replace";
  const detail = "What stands in the box for the commit message is lost.";
  const question = "Steward: replace the commit message that you wrote?";
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, replace)) === replace;
}

/** The repository of the folder that the server works in: the first one, in or around which it is. */
async function repositoryHere(): Promise<Repository> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const extension = vscode.extensions.getExtension<GitExtension>("vscode.git");
  const git = extension && (await extension.activate());
  const repositories = git?.enabled ? git.getAPI(1).repositories : [];
  const around = repositories.filter(({ rootUri }) => folder !== undefined && isWithin(folder, rootUri.fsPath));
  // The innermost.
  const [found] = [...around].sort((a, b) => b.rootUri.fsPath.length - a.rootUri.fsPath.length);
  if (!found) {
    throw new Error("VS Code's source control shows no git repository for this folder.");
  }
  return found;
}

function isWithin(folder: string, root: string): boolean {
  const below = path.relative(root, folder);
  return below === "" || !(below.startsWith("..") || path.isAbsolute(below));
}

function tellLeftOut(reasons: string[]): void {
  if (reasons.length > 0) {
    const told = reasons.length === 1 ? reasons[0] : `${reasons[0]}; and ${reasons.length - 1} more`;
    void vscode.window.showInformationMessage(plain(`Steward: the model did not see all of it. ${told}`));
  }
}
