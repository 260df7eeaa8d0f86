/** Conversations: listed, chosen, deleted, exported. */

import * as vscode from "vscode";
import { plain, plainIcon } from "../messages";
import { atMinute } from "../runs";
import type { Server } from "../server";
import type { ConversationSummary } from "./protocol";

const remove: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("trash"),
  tooltip: "Delete Conversation…",
};

type Item = vscode.QuickPickItem & { conversation: ConversationSummary };

/** Let the person choose a conversation; `deleted` is told of each that is deleted meanwhile. */
export async function pickConversation(
  server: Server,
  deleted: (id: string) => void,
): Promise<ConversationSummary | undefined> {
  const listed = await server.execute<ConversationSummary[]>("steward.chat.list", {});
  if (listed.length === 0) {
    void vscode.window.showInformationMessage("Steward: there is no conversation yet.");
    return undefined;
  }
  const pick = vscode.window.createQuickPick<Item>();
  pick.title = "Steward: conversations";
  pick.matchOnDescription = true;
  pick.items = listed.map(item);
  pick.onDidTriggerItemButton(async ({ item: { conversation } }) => {
    if (await deleteConversation(server, conversation)) {
      deleted(conversation.id);
    }
  });
  return new Promise((settle) => {
    pick.onDidAccept(() => {
      settle(pick.selectedItems[0]?.conversation);
      pick.hide();
    });
    pick.onDidHide(() => {
      settle(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

/** Delete a conversation, once the person has said so. Closing the question is not a yes. */
export async function deleteConversation(
  server: Server,
  { id, title }: { id: string; title: string },
): Promise<boolean> {
  const yes = "Delete";
  const picked = await vscode.window.showWarningMessage(
    plain(`Delete the conversation “${title}”?`),
    { modal: true, detail: "Its messages are gone then. What it cost stays in the books." },
    yes,
  );
  if (picked !== yes) {
    return false;
  }
  await server.execute("steward.chat.delete", { conversationId: id });
  return true;
}

/** Open a conversation as a Markdown document that nobody has saved yet. */
export async function exportConversation(server: Server, id: string): Promise<void> {
  const { markdown } = await server.execute<{ markdown: string }>("steward.chat.export", { conversationId: id });
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content: markdown });
  await vscode.window.showTextDocument(document);
}

function item(conversation: ConversationSummary): Item {
  const { title, messages, updatedAt, isAnswering } = conversation;
  const count = messages === 1 ? "1 message" : `${messages} messages`;
  return {
    label: plainIcon(title || "Without a title"),
    description: [atMinute(updatedAt), count, ...(isAnswering ? ["answering"] : [])].join(" · "),
    buttons: [remove],
    conversation,
  };
}
