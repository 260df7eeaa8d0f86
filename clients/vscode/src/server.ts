/** The language server's process: found, started, restarted, stopped. */

import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import {
  type ClientCapabilities,
  type DocumentSelector,
  type FeatureState,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  State,
  type StaticFeature,
} from "vscode-languageclient/node";

/** The settings say how; a workspace cannot set them. */
function settings(): { command: string[]; enable: boolean } {
  const steward = vscode.workspace.getConfiguration("steward");
  return {
    command: steward.get<string[]>("command", []),
    enable: steward.get<boolean>("enable", true),
  };
}

/** Starts and stops the server; `connect` teaches each new client what it must answer. */
export class Server {
  private client: LanguageClient | undefined;

  constructor(
    private readonly folder: string,
    private readonly options: () => LanguageClientOptions,
    private readonly connect: (client: LanguageClient) => void,
    private readonly stopped: () => void,
  ) {}

  /** The client, connected. Throws when there is none. */
  running(): LanguageClient {
    if (this.client?.state !== State.Running) {
      throw new Error("the server is not running. Run “Steward: Restart Server” to start it.");
    }
    return this.client;
  }

  /** Start, unless it is switched off. A command that cannot be found is explained. */
  async start(): Promise<void> {
    const { command, enable } = settings();
    if (!enable) {
      return;
    }
    const [program, ...args] = command;
    if (program === undefined || !(await isProgram(program))) {
      void explainMissing(program ?? "");
      return;
    }
    await fs.mkdir(this.folder, { recursive: true });
    this.client = this.build(program, args);
    await this.client.start();
  }

  /** Stop, waiting for the server's own end. */
  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client?.needsStop()) {
      await client.stop();
    }
  }

  /** Stop and start. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  private build(command: string, args: string[]): LanguageClient {
    // Not in the workspace: a file of its that bears a module's name must not be run.
    const executable = { command, args, options: { cwd: this.folder } };
    const client = new LanguageClient("steward", "Steward", executable, {
      documentSelector: workspaceFiles(),
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      ...this.options(),
    });
    client.registerFeature(new StewardCapabilities());
    this.connect(client);
    client.onDidChangeState(({ newState }) => {
      void vscode.commands.executeCommand("setContext", "steward.running", newState === State.Running);
      if (newState === State.Stopped) {
        this.stopped();
      }
    });
    return client;
  }
}

/** Tells the server which of its own messages this client answers. */
class StewardCapabilities implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    const steward = { asks: true, confirmsEdits: true, status: true };
    capabilities.experimental = { ...capabilities.experimental, steward };
  }

  initialize(): void {
    // Nothing of the server's answer matters here.
  }

  getState(): FeatureState {
    return { kind: "static" };
  }

  clear(): void {
    // Nothing is held.
  }
}

/** Every file of the open folders, whatever its language; nothing from outside them. */
function workspaceFiles(): DocumentSelector {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders
    .filter((folder) => folder.uri.scheme === "file")
    .map((folder) => ({
      scheme: "file",
      pattern: { baseUri: folder.uri.toString(), pattern: "**/*" },
    }));
}

async function isProgram(program: string): Promise<boolean> {
  const folders = path.isAbsolute(program) ? [""] : (process.env["PATH"] ?? "").split(path.delimiter);
  const endings = process.platform === "win32" ? ["", ".exe"] : [""];
  const places = folders.flatMap((folder) => endings.map((end) => path.join(folder, program + end)));
  const found = await Promise.all(places.map(isExecutable));
  return found.includes(true);
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await fs.access(file, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function explainMissing(program: string): Promise<void> {
  const open = "Open Settings";
  const picked = await vscode.window.showErrorMessage(
    `Steward cannot start: there is no program "${program}". Install Steward, or set "steward.command" ` +
      'to its full path, and then run "Steward: Restart Server".',
    open,
  );
  if (picked === open) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "steward.command");
  }
}
