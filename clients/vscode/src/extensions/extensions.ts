/** The extensions that the server knows, and the commands that come and go with them. */

import * as vscode from "vscode";
import { showFailure } from "../messages";
import type { Server } from "../server";
import { inFront, Offers } from "./offered";
import type { ExtensionList, ExtensionSummary } from "./protocol";
import { runCommand } from "./run";

/** Changes that follow each other closely are read together. */
const togetherMs = 150;

/**
 * Keeps the list of extensions. VS Code takes no new entries into its palette while it runs: there,
 * one command offers all of them. Each is a command of its own all the same, for keys and tasks.
 */
export class Extensions {
  readonly offers = new Offers();
  private readonly changed = new vscode.EventEmitter<void>();
  /** The list is another than before. */
  readonly onDidChange = this.changed.event;
  private readonly ran = new vscode.EventEmitter<string>();
  /** The person runs a command of this extension. */
  readonly onDidRun = this.ran.event;
  private readonly registered = new Map<string, vscode.Disposable>();
  private readonly watched: vscode.Disposable[];
  private list: ExtensionSummary[] = [];
  private soon: NodeJS.Timeout | undefined;
  /** Counts readings: of two that overlap, the later one is right. */
  private reading = 0;

  constructor(readonly server: Server) {
    this.watched = [
      vscode.window.onDidChangeActiveTextEditor(() => void this.lookAtMenus()),
      vscode.workspace.onDidOpenTextDocument(() => void this.lookAtMenus()),
    ];
  }

  /** As they were told of last. */
  get all(): ExtensionSummary[] {
    return this.list;
  }

  /** The one with this id, if it is installed. */
  get(id: string): ExtensionSummary | undefined {
    return this.list.find((extension) => extension.id === id);
  }

  /** The person runs a command of it. */
  runs(id: string): void {
    this.ran.fire(id);
  }

  /** Ask the server, in a moment. */
  refresh(): void {
    this.soon ??= setTimeout(() => void this.read().catch(() => undefined), togetherMs);
  }

  /** Ask the server now; throws where it cannot be asked. */
  async read(): Promise<ExtensionSummary[]> {
    clearTimeout(this.soon);
    this.soon = undefined;
    this.reading += 1;
    const own = this.reading;
    const { extensions } = await this.server.execute<ExtensionList>("steward.extension.list");
    if (own === this.reading) {
      this.take(extensions);
    }
    return this.list;
  }

  /** The server is gone, and with it all that its extensions bring. */
  gone(): void {
    this.reading += 1;
    this.take([]);
  }

  dispose(): void {
    clearTimeout(this.soon);
    for (const each of [...this.watched, ...this.registered.values(), this.changed, this.ran]) {
      each.dispose();
    }
  }

  private take(extensions: ExtensionSummary[]): void {
    this.list = extensions;
    this.offers.forget();
    this.register();
    const isAny = extensions.some(({ state, commands }) => state === "enabled" && commands.length > 0);
    setContext("steward.extensionCommands", isAny);
    void this.lookAtMenus();
    this.changed.fire();
  }

  /** Have exactly the commands that there are. */
  private register(): void {
    const running = this.list.filter(({ state }) => state === "enabled");
    const wanted = new Map(
      running.flatMap((extension) =>
        extension.commands.map((command) => [idOf(extension.id, command.id), { extension: extension.id, command: command.id }]),
      ),
    );
    for (const [id, held] of this.registered) {
      if (!wanted.has(id)) {
        held.dispose();
        this.registered.delete(id);
      }
    }
    for (const [id, which] of wanted) {
      if (!this.registered.has(id)) {
        this.registered.set(id, vscode.commands.registerCommand(id, () => runCommand(this, which).catch(showFailure)));
      }
    }
  }

  /** Whether a right click here has an entry for extensions. */
  private async lookAtMenus(): Promise<void> {
    const { document } = inFront();
    const [plain, selected] = await Promise.all(
      [false, true].map((isSelected) => this.offers.menus(this.list, { document, isSelected })),
    );
    setContext("steward.extensionMenu", (plain ?? []).length > 0);
    setContext("steward.extensionMenuOfSelection", (selected ?? []).length > 0);
  }
}

/** What a command of an extension is called in VS Code; a key can be bound to it. */
export function idOf(extension: string, command: string): string {
  return `steward.extensions.${extension}.${command}`;
}

function setContext(key: string, value: boolean): void {
  void vscode.commands.executeCommand("setContext", key, value);
}
