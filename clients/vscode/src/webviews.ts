/** What every webview of ours is: a script and style sheets of ours, and nothing from anywhere. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** A page of the client: `dist/<name>.js`. */
export type WebviewName = keyof typeof sheetsOf;

/** Its style sheets below `media`, in their order. */
const sheetsOf = {
  chat: ["page", "markdown", "chat"],
  plan: ["page", "plan"],
  panel: ["page", "markdown", "panel"],
} as const;

/** The folders that a webview may load from; nothing of the workspace is among them. */
export function ownRoots(extension: vscode.Uri): vscode.Uri[] {
  return [vscode.Uri.joinPath(extension, "dist"), vscode.Uri.joinPath(extension, "media")];
}

/**
 * The HTML of a webview. Whatever it shows arrives by message and is built from text nodes; no
 * script, style, image or connection but ours is allowed, whatever a model writes.
 */
export function htmlOf(webview: vscode.Webview, extension: vscode.Uri, name: WebviewName, title: string): string {
  const nonce = randomBytes(16).toString("base64url");
  const script = webview.asWebviewUri(vscode.Uri.joinPath(extension, "dist", `${name}.js`));
  const styles = sheetsOf[name].map((sheet) =>
    webview.asWebviewUri(vscode.Uri.joinPath(extension, "media", `${sheet}.css`)),
  );
  const allowed = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${allowed}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
${styles.map((style) => `<link rel="stylesheet" href="${style}">`).join("\n")}
</head>
<body>
<main id="root"></main>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
