/** Panels of extensions: data that they give, on a page that is ours. */

import * as vscode from "vscode";
import { tabName } from "../documents";
import { firstFolder } from "../folder";
import { showFailure } from "../messages";
import { htmlOf, ownRoots } from "../webviews";
import type { Extensions } from "./extensions";
import type { PanelPage, PanelWish } from "./messages";
import type { ExtensionSummary, PanelParams } from "./protocol";
import { runCommand } from "./run";

/**
 * Keeps what each panel shows. A panel opens when it is first shown, without taking the keys; one
 * that the person closed opens again only when they ask for it, or run a command of the extension.
 */
export class Panels {
  private readonly panels = new Map<string, Panel>();
  private readonly watched: vscode.Disposable[];

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly extensions: Extensions,
  ) {
    this.watched = [
      extensions.onDidChange(() => this.listChanged()),
      extensions.onDidRun((id) => this.forgive(id)),
    ];
  }

  /** An extension has something to show. */
  show(params: PanelParams): void {
    const key = keyOf(params.extension, params.panel);
    const panel = this.panels.get(key) ?? new Panel(this.extensionUri, this.extensions, params);
    this.panels.set(key, panel);
    panel.take(params);
  }

  /** Bring a panel into view, as the person asked. What this window does not know, the server does. */
  async open(extension: string, panel: string): Promise<void> {
    const known = this.panels.get(keyOf(extension, panel));
    if (!known) {
      const argument = { extension, panel };
      const shown = await this.extensions.server.execute<PanelParams>("steward.extension.panel", argument);
      this.show({ ...shown, ...argument });
    }
    this.panels.get(keyOf(extension, panel))?.reveal(false);
  }

  dispose(): void {
    for (const each of [...this.watched, ...this.panels.values()]) {
      each.dispose();
    }
  }

  /** A panel may be what the command was run for. */
  private forgive(extension: string): void {
    for (const panel of this.panels.values()) {
      if (panel.extension === extension) {
        panel.isUnwanted = false;
      }
    }
  }

  private listChanged(): void {
    for (const panel of this.panels.values()) {
      panel.update();
    }
  }
}

function keyOf(extension: string, panel: string): string {
  return `${extension}/${panel}`;
}

/** One page, and what it shows. */
class Panel {
  /** The person closed it. */
  isUnwanted = false;
  private panel: vscode.WebviewPanel | undefined;

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly extensions: Extensions,
    private params: PanelParams,
  ) {}

  get extension(): string {
    return this.params.extension;
  }

  take(params: PanelParams): void {
    this.params = params;
    if (this.panel) {
      this.update();
    } else if (!this.isUnwanted) {
      this.reveal(true);
    }
  }

  reveal(preserveFocus: boolean): void {
    this.isUnwanted = false;
    if (this.panel) {
      this.panel.reveal(undefined, preserveFocus);
      return;
    }
    const { extensionUri } = this;
    const panel = vscode.window.createWebviewPanel(
      "steward.extension",
      tabName(this.params.title),
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus },
      { enableScripts: true, localResourceRoots: ownRoots(extensionUri) },
    );
    const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(extensionUri, "media", `steward-${theme}.svg`);
    panel.iconPath = { light: icon("light"), dark: icon("dark") };
    panel.webview.onDidReceiveMessage((wish: PanelWish) => void this.grant(wish).catch(showFailure));
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.isUnwanted = true;
    });
    panel.webview.html = htmlOf(panel.webview, extensionUri, "panel", "Panel of an extension");
    this.panel = panel;
  }

  /** Have the page show what is known now. */
  update(): void {
    if (this.panel) {
      this.panel.title = tabName(this.params.title);
      void this.panel.webview.postMessage(this.page());
    }
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private page(): PanelPage {
    const { extension: id, title, content } = this.params;
    const extension = this.extensions.get(id);
    return { title, name: extension?.name ?? id, id, notice: noticeOf(extension), blocks: content.blocks };
  }

  private async grant(wish: PanelWish): Promise<void> {
    switch (wish.type) {
      case "ready":
        return this.update();
      case "open":
        return openFile(wish.path, wish.line);
      case "run":
        return this.run(wish.command);
    }
  }

  /** A command of the same extension, and of no other. */
  private async run(command: string): Promise<void> {
    const extension = this.extensions.get(this.params.extension);
    if (!extension?.commands.some(({ id }) => id === command)) {
      throw new Error(`the panel names a command that there is not: ${command}.`);
    }
    await runCommand(this.extensions, { extension: extension.id, command });
  }
}

function noticeOf(extension: ExtensionSummary | undefined): string {
  if (extension?.state === "enabled") {
    return "";
  }
  return extension
    ? "This extension does not run now. This is what it showed last."
    : "This extension is not there now. This is what it showed last.";
}

/** Only a file of this folder; the server says so of what it lets an extension read, too. */
async function openFile(path: string, line: number): Promise<void> {
  const folder = firstFolder();
  const parts = path.split("/");
  const isInside = !/^[/\\]|^[a-zA-Z]:|\\/.test(path) && !parts.includes("..");
  if (!folder || !isInside) {
    throw new Error(`${path} is no file of this folder.`);
  }
  const at = new vscode.Position(line, 0);
  const uri = vscode.Uri.joinPath(folder.uri, ...parts);
  // Beside the panel, where the code is.
  const viewColumn = vscode.window.tabGroups.all.length > 1 ? vscode.ViewColumn.One : vscode.ViewColumn.Active;
  await vscode.window.showTextDocument(uri, { viewColumn, selection: new vscode.Range(at, at), preview: true });
}
