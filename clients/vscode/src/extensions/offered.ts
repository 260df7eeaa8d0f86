/** Which commands of extensions are offered for what a person has in front of them. */

import * as vscode from "vscode";
import { firstFolder } from "../folder";
import type { ExtensionSummary, When } from "./protocol";

/** A command that can be run here. */
export interface Offer {
  extension: ExtensionSummary;
  command: string;
  title: string;
}

/** What a person looks at. */
export interface InFront {
  document: vscode.TextDocument | undefined;
  isSelected: boolean;
}

/** What is in front now. */
export function inFront(): InFront {
  // While a panel has the keys, none is active.
  const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
  return { document: editor?.document, isSelected: editor?.selection.isEmpty === false };
}

/** Says what is offered; whether the workspace has certain files is looked up once in a while. */
export class Offers {
  private readonly found = new Map<string, Promise<boolean>>();

  /** Look the files of the workspace up anew. */
  forget(): void {
    this.found.clear();
  }

  /** The commands of a palette: those of extensions that run, where they make sense. */
  async commands(all: ExtensionSummary[], place: InFront): Promise<Offer[]> {
    const offers = all.filter(runs).flatMap((extension) =>
      extension.commands.map(({ id, title, category, when }) => ({
        ...{ extension, command: id, when },
        title: category && category !== extension.name ? `${category}: ${title}` : title,
      })),
    );
    return this.holding(offers, place);
  }

  /** The entries of a right click. */
  async menus(all: ExtensionSummary[], place: InFront): Promise<Offer[]> {
    const offers = all
      .filter(runs)
      .flatMap((extension) => extension.menus.map((menu) => ({ extension, ...menu })));
    return this.holding(offers, place);
  }

  private async holding(offers: (Offer & { when: When })[], place: InFront): Promise<Offer[]> {
    const holds = await Promise.all(offers.map(({ when }) => this.holds(when, place)));
    return offers.filter((_, index) => holds[index]);
  }

  private async holds(when: When, { document, isSelected }: InFront): Promise<boolean> {
    const { languages, selection, files } = when;
    const isHere =
      (languages.length === 0 || (document !== undefined && languages.includes(document.languageId))) &&
      (selection === null || selection === isSelected) &&
      (files.length === 0 || (document !== undefined && files.some((glob) => isIn(document, glob))));
    return isHere && (when.workspace_has.length === 0 || this.hasAny(when.workspace_has));
  }

  private async hasAny(globs: string[]): Promise<boolean> {
    const has = await Promise.all(globs.map((glob) => this.has(glob)));
    return has.includes(true);
  }

  private has(glob: string): Promise<boolean> {
    const known = this.found.get(glob) ?? exists(glob);
    this.found.set(glob, known);
    return known;
  }
}

function runs({ state }: ExtensionSummary): boolean {
  return state === "enabled";
}

async function exists(glob: string): Promise<boolean> {
  const pattern = asPattern(glob);
  return pattern !== undefined && (await vscode.workspace.findFiles(pattern, undefined, 1)).length > 0;
}

function isIn(document: vscode.TextDocument, glob: string): boolean {
  const pattern = asPattern(glob);
  return pattern !== undefined && vscode.languages.match({ scheme: "file", pattern }, document) > 0;
}

/** A glob of a manifest as VS Code writes it: there, more signs than the stars mean something. */
function asPattern(glob: string): vscode.RelativePattern | undefined {
  const folder = firstFolder();
  const path = glob.replace(/^\.?\//, "").replace(/[?[{]/g, "[$&]");
  return folder && new vscode.RelativePattern(folder, path.endsWith("/") ? `${path}**` : path);
}
