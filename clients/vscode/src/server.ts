/** The language server's process: found, started, restarted, stopped. */

import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import {
  type ClientCapabilities,
  type DocumentSelector,
  ExecuteCommandRequest,
  type FeatureState,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  State,
  type StaticFeature,
} from "vscode-languageclient/node";
import { Crashes, QuietClient } from "./crashes";
import type { Installation } from "./install";
import { serverVariables } from "./serverSettings";

/** A program to start, with what it is told by its environment. */
export interface Program {
  command: string;
  args: string[];
  variables: Record<string, string>;
}

/** Starts and stops the server; `connect` teaches each new client what it must answer. */
export class Server {
  private client: LanguageClient | undefined;
  private starting: Promise<void> | undefined;
  private restarting: Promise<void> | undefined;
  private readonly executed = new vscode.EventEmitter<string>();
  /** A command of the server was carried out; its name. */
  readonly onDidExecute = this.executed.event;

  constructor(
    private readonly folder: string,
    private readonly installation: Installation,
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

  /** What a command of the server answers. */
  async execute<T>(command: string, ...args: object[]): Promise<T> {
    const params = { command, arguments: args };
    const answer = (await this.running().sendRequest(ExecuteCommandRequest.type, params)) as T;
    this.executed.fire(command);
    return answer;
  }

  /** The same for what takes long, such as asking a model: the token ends it at once. */
  async executeCancellable<T>(command: string, argument: object, token: vscode.CancellationToken): Promise<T> {
    const params = { command, arguments: [argument] };
    return (await this.running().sendRequest(ExecuteCommandRequest.type, params, token)) as T;
  }

  /** Start, unless it is switched off. A command that cannot be found is explained. */
  async start(): Promise<void> {
    if (!vscode.workspace.getConfiguration("steward").get("enable", true)) {
      return;
    }
    const program = await this.program();
    if (program === undefined) {
      void explainMissing();
      return;
    }
    await fs.mkdir(this.folder, { recursive: true });
    this.client = this.build(program);
    this.starting = this.client.start();
    await this.starting;
  }

  /** What is started: as the settings say, else what was installed from here; `undefined`: neither. */
  async program(): Promise<Program | undefined> {
    // The settings say how; a workspace cannot set them.
    const [command, ...args] = commandLine();
    const variables = serverVariables();
    if (command !== undefined && (await isProgram(command))) {
      return { command, args, variables };
    }
    const installed = this.installation.program;
    return installed !== undefined && (await isProgram(installed))
      ? { command: installed, args: ["lsp"], variables }
      : undefined;
  }

  /** Stop, waiting for the server's own end. */
  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // One that is still starting cannot be stopped.
    await this.starting?.catch(() => undefined);
    while (client?.state === State.Starting) {
      // It ended by itself, and is being started again.
      await client.start().catch(() => undefined);
    }
    if (client?.needsStop()) {
      await client.stop();
    }
  }

  /** Stop and start; who asks twice waits for the first, so that one server is left. */
  async restart(): Promise<void> {
    const before = this.restarting;
    this.restarting = (async (): Promise<void> => {
      await before?.catch(() => undefined);
      await this.stop();
      await this.start();
    })();
    await this.restarting;
  }

  private build({ command, args, variables }: Program): LanguageClient {
    // Not in the workspace: a file of its that bears a module's name must not be run.
    const options = { cwd: this.folder, env: { ...process.env, ...variables } };
    const executable = { command, args, options };
    const crashes = new Crashes(() => client.outputChannel.show(true));
    const client: LanguageClient = new QuietClient("steward", "Steward", executable, {
      documentSelector: workspaceFiles(),
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      errorHandler: crashes,
      initializationFailedHandler: (error) => crashes.failedToBegin(error, () => client.state),
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
    const steward = { asks: true, confirmsEdits: true, status: true, chat: true, extensions: true };
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

function commandLine(): string[] {
  return vscode.workspace.getConfiguration("steward").get<string[]>("command", []);
}

async function explainMissing(): Promise<void> {
  const install = "Install…";
  const settings = "Open Settings";
  const picked = await vscode.window.showErrorMessage(
    `Steward cannot start: there is no program "${commandLine()[0] ?? ""}" on this machine. Install the ` +
      'server from a wheel, or set "steward.command" to where it is.',
    install,
    settings,
  );
  if (picked === install) {
    await vscode.commands.executeCommand("steward.client.installServer");
  } else if (picked === settings) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "steward.command");
  }
}
