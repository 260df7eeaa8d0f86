/** The server put on this machine: from a wheel, into an environment of its own. */

import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { plain } from "./messages";
import { run } from "./processes";

/** Which environment is the one in use. */
const currentKey = "steward.serverEnvironment";

const isWindows = process.platform === "win32";

const pythons = isWindows
  ? ["py", "python"]
  : ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"];

/** Says its version where it is new enough and can make environments; else it fails. */
const check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";

/** Why the server was not installed, in words for a person. */
class NotInstalledError extends Error {}

/** Installs the server, and knows where it is. */
export class Installation {
  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.OutputChannel,
  ) {}

  /** The program that was installed here; `undefined` where none was. */
  get program(): string | undefined {
    const folder = this.context.globalState.get<string>(currentKey);
    return folder === undefined ? undefined : inside(folder, "steward");
  }

  /** Let the person choose a wheel, and install it. Returns whether there is a server now. */
  async install(): Promise<boolean> {
    const wheel = await chosenWheel();
    if (wheel === undefined) {
      return false;
    }
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: "Steward: installing the server",
      cancellable: true,
    };
    try {
      await vscode.window.withProgress(options, (progress, token) =>
        this.make(wheel, (message) => progress.report({ message }), token),
      );
    } catch (error) {
      if (error instanceof NotInstalledError) {
        void this.explain(error.message);
        return false;
      }
      throw error;
    }
    return true;
  }

  /** A new environment each time: one that runs is not changed, and a failure leaves it as it was. */
  private async make(
    wheel: string,
    report: (message: string) => void,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const storage = this.context.globalStorageUri.fsPath;
    await fs.mkdir(storage, { recursive: true });
    report("looking for Python 3.11 or newer");
    const python = await findPython(storage);
    const folder = await fs.mkdtemp(path.join(storage, "server-"));
    const steps: [string, string, string[]][] = [
      ["making an environment of its own", python, ["-I", "-m", "venv", folder]],
      [
        "installing the wheel and what it needs; this may take a minute",
        inside(folder, "python"),
        ["-I", "-m", "pip", "--disable-pip-version-check", "install", "--no-input", wheel],
      ],
      ["seeing whether it runs", inside(folder, "steward"), ["--version"]],
    ];
    try {
      for (const [message, program, args] of steps) {
        report(message);
        await this.step(message, program, args, storage, token);
      }
    } catch (error) {
      await fs.rm(folder, { recursive: true, force: true });
      throw error;
    }
    const before = this.context.globalState.get<string>(currentKey);
    await this.context.globalState.update(currentKey, folder);
    if (before !== undefined) {
      await fs.rm(before, { recursive: true, force: true });
    }
  }

  private async step(
    message: string,
    program: string,
    args: string[],
    storage: string,
    token: vscode.CancellationToken,
  ): Promise<void> {
    this.log.appendLine(`> ${[program, ...args].join(" ")}`);
    const ended = await run(program, args, storage, token, (text) => this.log.append(text));
    if (token.isCancellationRequested) {
      throw new NotInstalledError("it was cancelled; nothing was changed");
    }
    if (ended.code !== 0) {
      this.log.appendLine(ended.code === null ? ended.output : `It ended with ${ended.code}.`);
      throw new NotInstalledError(`${message} failed. The log says why; nothing was changed`);
    }
  }

  private async explain(reason: string): Promise<void> {
    const show = "Show Log";
    const picked = await vscode.window.showErrorMessage(
      plain(`Steward's server was not installed: ${reason}.`),
      show,
    );
    if (picked === show) {
      this.log.show();
    }
  }
}

/** The settings' wheel, or a file that the person picks. */
async function chosenWheel(): Promise<string | undefined> {
  const named = vscode.workspace.getConfiguration("steward").get("install.wheel", "").trim();
  if (named !== "") {
    return named;
  }
  const picked = await vscode.window.showOpenDialog({
    title: "Steward: the server's wheel (steward-….whl)",
    openLabel: "Install",
    filters: { Wheels: ["whl"] },
  });
  return picked?.[0]?.fsPath;
}

async function findPython(folder: string): Promise<string> {
  const named = vscode.workspace.getConfiguration("steward").get("install.python", "").trim();
  for (const python of named === "" ? pythons : [named]) {
    if ((await run(python, ["-I", "-c", check], folder)).code === 0) {
      return python;
    }
  }
  const which = named === "" ? "none was found" : `"${named}" is none`;
  throw new NotInstalledError(
    `it needs Python 3.11 or newer with venv, and ${which}. Install one` +
      ' (Debian: python3 and python3-venv), or name it in "steward.install.python"',
  );
}

function inside(folder: string, program: string): string {
  return isWindows ? path.join(folder, "Scripts", `${program}.exe`) : path.join(folder, "bin", program);
}
