// A general language client, as any extension has it: no middleware, no message of Steward's own.
// Restarting the server and sending it one of its commands is all that it adds.

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;
let status;

async function start() {
  const [command, ...args] = vscode.workspace.getConfiguration("steward").get("command");
  client = new LanguageClient("plain", "Plain", { command, args }, { documentSelector: [{ scheme: "file" }] });
  await client.start();
  status.show();
}

async function restart() {
  status.hide();
  await client.stop();
  await start();
}

function execute(command, ...args) {
  return client.sendRequest("workspace/executeCommand", { command, arguments: args });
}

async function cancel() {
  const [newest] = await execute("steward.runs");
  await execute("steward.run.cancel", { runId: newest.id });
}

exports.activate = async (context) => {
  status = vscode.window.createStatusBarItem("plain.status");
  status.text = "Plain";
  context.subscriptions.push(
    vscode.commands.registerCommand("plain.restart", restart),
    vscode.commands.registerCommand("plain.cancel", cancel),
  );
  await start();
};

exports.deactivate = () => client?.stop();
