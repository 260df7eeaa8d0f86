/** A command of an extension: chosen, sent with what is in front, and its answer told. */

import * as vscode from "vscode";
import { line, plain, reasonOf } from "../messages";
import type { Server } from "../server";
import type { Extensions } from "./extensions";
import { inFront, type Offer } from "./offered";

/** What takes longer than this is shown, with a button that stops it. */
const patienceMs = 700;

/** Names a command of an extension, and where it is to work; else that is what is in front. */
export interface Which {
  extension: string;
  command: string;
  place?: object;
}

/** What a command of an extension answers: a sentence, or nothing. */
interface CommandAnswer {
  message?: string | null;
}

/** Let the person choose among all commands that are offered here, and run it. */
export async function pickCommand(extensions: Extensions): Promise<void> {
  extensions.offers.forget();
  const offers = await extensions.offers.commands(await extensions.read(), inFront());
  await pick(extensions, offers, "Steward: run which command of an extension?");
}

/** The same with the entries of a right click. */
export async function pickMenu(extensions: Extensions): Promise<void> {
  const offers = await extensions.offers.menus(extensions.all, inFront());
  await pick(extensions, offers, "Steward: what should an extension do here?");
}

/** Run a command with what is in front, and tell what it answers. */
export async function runCommand(extensions: Extensions, { extension, command, place }: Which): Promise<void> {
  const known = extensions.get(extension);
  const name = known?.name ?? extension;
  const title = known?.commands.find(({ id }) => id === command)?.title ?? command;
  const { server } = extensions;
  const argument = { extension, command, place: place ?? placeInFront(server) };
  extensions.runs(extension);
  const work = (token: vscode.CancellationToken): Promise<CommandAnswer | null> =>
    server.executeCancellable("steward.extension.run", argument, token);
  // What it did, cost and got wrong stands in the tree.
  try {
    const answer = await patiently(`${name}: ${title}`, work);
    if (answer?.message) {
      void vscode.window.showInformationMessage(plain(`${name}: ${answer.message}`));
    }
  } catch (error) {
    void tellFault(extension, name, reasonOf(error));
  } finally {
    extensions.refresh();
  }
}

/** Say what went wrong in a line: of a trace that is the last one, and the log has all of it. */
async function tellFault(extension: string, name: string, reason: string): Promise<void> {
  const last = reason.startsWith("Traceback") ? (reason.trimEnd().split("\n").at(-1) ?? reason) : reason;
  const log = "Show Log";
  if ((await vscode.window.showErrorMessage(plain(`${name}: ${last}`), log)) === log) {
    await vscode.commands.executeCommand("steward.client.showExtensionLog", { extension: { id: extension, name } });
  }
}

async function pick(extensions: Extensions, offers: Offer[], title: string): Promise<void> {
  if (offers.length === 0) {
    void vscode.window.showInformationMessage("Steward: no extension offers a command here.");
    return;
  }
  const items = offers.flatMap((offer, index) =>
    offer.extension === offers[index - 1]?.extension ? [itemOf(offer)] : [separator(offer), itemOf(offer)],
  );
  const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true });
  if (picked?.offer) {
    await runCommand(extensions, { extension: picked.offer.extension.id, command: picked.offer.command });
  }
}

type Entry = vscode.QuickPickItem & { offer?: Offer };

function separator({ extension }: Offer): Entry {
  return { label: line(extension.name), kind: vscode.QuickPickItemKind.Separator };
}

/** The extension's name stands with each: what is typed narrows the list, and takes the groups apart. */
function itemOf(offer: Offer): Entry {
  return { label: line(offer.title), description: line(offer.extension.name), offer };
}

/** The file in front and where in it; an empty place where there is no file. The server reads the rest. */
function placeInFront(server: Server): object {
  // While a panel has the keys, none is active.
  const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
  if (editor?.document.uri.scheme !== "file") {
    return {};
  }
  const { document, selection } = editor;
  const converter = server.running().code2ProtocolConverter;
  return { uri: converter.asUri(document.uri), range: converter.asRange(selection) };
}

/** Wait for it; if that takes long, in a message that can end it. */
async function patiently<T>(
  title: string,
  work: (token: vscode.CancellationToken) => Promise<T>,
): Promise<T | undefined> {
  const ending = new vscode.CancellationTokenSource();
  const done = work(ending.token);
  let timer: NodeJS.Timeout | undefined;
  const long = new Promise<"long">((tell) => {
    timer = setTimeout(() => tell("long"), patienceMs);
  });
  try {
    if ((await Promise.race([done, long])) === "long") {
      await shown(title, done, ending);
    }
    return await done;
  } catch (error) {
    if (ending.token.isCancellationRequested) {
      return undefined;
    }
    throw error;
  } finally {
    clearTimeout(timer);
    ending.dispose();
  }
}

async function shown(title: string, done: Promise<unknown>, ending: vscode.CancellationTokenSource): Promise<void> {
  const location = vscode.ProgressLocation.Notification;
  await vscode.window.withProgress({ location, title: plain(title), cancellable: true }, async (_, token) => {
    token.onCancellationRequested(() => ending.cancel());
    await done;
  });
}
