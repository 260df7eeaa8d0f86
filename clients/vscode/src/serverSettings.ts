/** What VS Code's settings say to the server, as the variables that it reads. */

import * as vscode from "vscode";

/** Setting of ours → the server's variable; what is not set is left to `settings.toml`. */
const variables: Record<string, string> = {
  "model.url": "STEWARD_MODEL_URL",
  "model.name": "STEWARD_MODEL",
  "model.price": "STEWARD_MODEL_PRICE",
  "budget.monthUsd": "STEWARD_LEDGER__LIMIT_USD",
  "budget.sessionUsd": "STEWARD_LEDGER__SESSION_LIMIT_USD",
  "budget.workspaceUsd": "STEWARD_LEDGER__WORKSPACE_LIMIT_USD",
  "ghostText.enabled": "STEWARD_COMPLETION__ENABLED",
  "team.url": "STEWARD_TEAM_URL",
};

/** The variables of those settings that the person set; a folder sets none. */
export function serverVariables(): Record<string, string> {
  const settings = vscode.workspace.getConfiguration("steward");
  const set = Object.entries(variables).map(([name, variable]) => {
    const value = settings.inspect<string | number | boolean>(name)?.globalValue;
    return [variable, value === undefined || value === null ? "" : String(value)] as const;
  });
  return Object.fromEntries(set.filter(([, value]) => value !== ""));
}
