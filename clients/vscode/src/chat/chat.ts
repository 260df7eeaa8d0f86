/** The chat: what the page asks for, done; what the server says, shown. */

import * as vscode from "vscode";
import type { VirtualDocuments } from "../documents";
import { sayWhy } from "../feedback";
import { withoutHidden } from "../hidden";
import { reasonOf, showFailure } from "../messages";
import { showPage } from "../pages";
import type { StatusParams } from "../protocol";
import type { Questions } from "../questions";
import type { Server } from "../server";
import { Chips } from "./chips";
import { deleteConversation, exportConversation, pickConversation } from "./conversations";
import { insertAtCursor } from "./insert";
import { OpenConversation } from "./opened";
import { fileOf, pickFile, pickSymbol, pickWhat, type Pointed, problems, selection, terminalOutput } from "./pointing";
import type { ChatChoices, ChatPiece, Conversation, FromPage, Pointing, Sent } from "./protocol";
import { isSaid } from "./said";
import { Terminals } from "./terminals";
import { ChatView } from "./view";

/** What the chat stands on. */
export interface Ground {
  server: Server;
  questions: Questions;
  pages: VirtualDocuments;
  extension: vscode.Uri;
  /** Remembers which conversation is open. */
  memory: vscode.Memento;
}

/** Joins the view, the open conversation and what goes along. */
export class Chat {
  private readonly view: ChatView;
  private readonly chips = new Chips();
  private readonly terminals = new Terminals();
  private readonly conversation: OpenConversation;
  private availability = "";

  constructor(private readonly ground: Ground) {
    this.view = new ChatView(ground.extension, (message) => void this.reported(() => this.heard(message)));
    this.conversation = new OpenConversation(ground.server, ground.memory, {
      stands: (conversation) => this.tellConversation(conversation),
      goesOn: (piece) => this.tellPiece(piece),
    });
    this.chips.onDidChange(() => this.tellChips());
    ground.questions.onDidChange(() => this.tellWaiting());
  }

  register(): vscode.Disposable {
    return vscode.Disposable.from(this.view.register(), this.chips, this.terminals);
  }

  // What the server says.

  /** A piece of an answer has come. */
  hear(piece: ChatPiece): void {
    void this.reported(() => this.conversation.hear(piece));
  }

  /** The server can be asked: a new one, or the same. */
  connected(): void {
    this.conversation.begin();
    void this.reported(async () => {
      await this.readChoices();
      await this.conversation.read();
    });
  }

  /** There is no server. */
  stopped(): void {
    const cutOff = this.conversation.cutOff();
    if (cutOff) {
      this.tellConversation(cutOff);
    }
    this.conversation.begin();
    this.availability = "";
    this.setAnswering(false);
    this.tellNoServer();
  }

  /** Whether there is AI, and why not. */
  statusChanged({ ai, reason }: StatusParams): void {
    const availability = `${ai} ${reason}`;
    if (availability !== this.availability) {
      this.availability = availability;
      void this.reported(() => this.readChoices());
    }
  }

  // What the person asks for by command.

  async open(): Promise<void> {
    await this.view.open();
  }

  async begin(): Promise<void> {
    await this.conversation.choose(undefined);
    await this.open();
  }

  async pick(): Promise<void> {
    const deleted = (id: string): void => void this.reported(() => this.conversation.forget(id));
    const picked = await pickConversation(this.ground.server, deleted);
    if (picked) {
      await this.conversation.choose(picked.id);
      await this.open();
    }
  }

  async delete(): Promise<void> {
    const { id, title } = this.conversation.opened;
    if (await deleteConversation(this.ground.server, { id, title })) {
      await this.conversation.forget(id);
    }
  }

  async export(): Promise<void> {
    await exportConversation(this.ground.server, this.conversation.opened.id);
  }

  async stop(): Promise<void> {
    await this.ground.server.execute("steward.chat.stop", { conversationId: this.conversation.opened.id });
  }

  /** Have it go along with the next question. */
  async add(what: Pointing): Promise<void> {
    await this.point(what);
    await this.open();
  }

  // What the page says.

  private async heard(message: FromPage): Promise<void> {
    switch (message.type) {
      case "ready":
        return this.tellEverything();
      case "send":
        return this.send(message);
      case "stop":
        return this.stop();
      case "questions":
        return void (await vscode.commands.executeCommand("steward.client.questions"));
      case "restart":
        return void (await vscode.commands.executeCommand("steward.client.restart"));
      case "point":
        return this.pointFromPage(message.what, message.typed);
      case "remove":
        return this.chips.remove(message.key);
      case "look":
        return this.look(message.key);
      case "copy":
        return this.copy(this.codeOf(message));
      case "insert":
        return insertAtCursor(this.codeOf(message));
      case "apply":
        return this.apply(message.messageId, message.block);
      case "open":
        return openLink(message.target);
      case "run":
        return showPage(this.ground, "Run", "steward.run.show", { runId: message.runId });
      case "feedback":
        return sayWhy(this.ground.server, "answer", message.messageId, "This answer", message.verdict);
    }
  }

  private async send(asked: Extract<FromPage, { type: "send" }>): Promise<void> {
    const { mentions, attachments, place } = this.chips.along(asked.keys);
    const { current } = this.conversation;
    try {
      const converter = this.ground.server.running().code2ProtocolConverter;
      const sent = await this.ground.server.execute<Sent>("steward.chat.send", {
        ...(current ? { conversationId: current.id } : {}),
        text: asked.text,
        mode: asked.mode,
        ...(asked.agent && asked.mode !== "ask" ? { agent: asked.agent } : {}),
        ...(asked.model ? { model: asked.model } : {}),
        mentions,
        attachments,
        ...(place ? { uri: converter.asUri(place.uri), range: converter.asRange(place.range) } : {}),
      });
      this.view.tell({ type: "sent" });
      this.chips.clear(asked.keys);
      await this.conversation.choose(sent.conversationId);
    } catch (error) {
      // The question stays in the box, with what went along.
      this.view.tell({ type: "refused", reason: reasonOf(error) });
    }
  }

  /** The code, which the page may hand in only as an answer has it. */
  private codeOf({ messageId, text }: { messageId: string; text: string }): string {
    if (!isSaid(text, this.conversation.answerOf(messageId))) {
      throw new Error("this code stands in no answer here, so nothing was done with it. Close the chat and open it again.");
    }
    return text.replaceAll("\r\n", "\n");
  }

  private async copy(code: string): Promise<void> {
    const { text, count } = withoutHidden(code);
    await vscode.env.clipboard.writeText(text);
    const without = count === 1 ? "1 character" : `${count} characters`;
    this.view.tell({ type: "told", text: count === 0 ? "Copied." : `Copied, without ${without} that nobody would see.` });
  }

  private async apply(messageId: string, block: number): Promise<void> {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const converter = this.ground.server.running().code2ProtocolConverter;
    const { state, outcome } = await this.ground.server.execute<{ state: string; outcome: string }>(
      "steward.chat.apply",
      { conversationId: this.conversation.opened.id, messageId, block, ...(uri?.scheme === "file" ? { uri: converter.asUri(uri) } : {}) },
    );
    this.view.tell({ type: "told", text: outcome || `The change is ${state}.` });
  }

  private async pointFromPage(what: Pointing, typed: boolean): Promise<void> {
    const pointed = await this.point(what);
    const text = typed && pointed && "mention" in pointed ? pointed.mention : "";
    this.view.tell({ type: "pointed", text });
    await this.open();
  }

  private async point(what: Pointing): Promise<Pointed | undefined> {
    const chosen = what === "any" ? await pickWhat() : what;
    if (chosen === "place") {
      this.chips.addPlace();
    }
    const pointed = chosen && (await this.pointed(chosen));
    if (pointed) {
      this.chips.add(pointed);
    }
    return pointed;
  }

  private async pointed(what: Pointing): Promise<Pointed | undefined> {
    switch (what) {
      case "file":
        return pickFile();
      case "symbol":
        return pickSymbol();
      case "selection":
        return selection();
      case "diagnostics":
        return problems();
      case "terminal":
        return terminalOutput(this.terminals);
      case "place":
      case "any":
        return undefined;
    }
  }

  /** Show what stands behind a chip, exactly as it would go along. */
  private async look(key: string): Promise<void> {
    const found = this.chips.get(key);
    if (found && "attachment" in found) {
      const { title, text } = found.attachment;
      const uri = this.ground.pages.put(this.ground.pages.uri(`/${title.replaceAll("/", "∕")}.txt`, key), text);
      await vscode.window.showTextDocument(uri);
    } else if (found && "uri" in found) {
      await vscode.window.showTextDocument(found.uri, { selection: found.range });
    } else if (found) {
      const file = fileOf(found.mention);
      const at = new vscode.Position(Math.max(0, file?.line ?? 0), 0);
      await (file && vscode.window.showTextDocument(file.uri, { selection: new vscode.Range(at, at) }));
    }
  }

  // What the page is told.

  private async tellEverything(): Promise<void> {
    this.tellChips();
    this.tellWaiting();
    if (!this.isConnected()) {
      this.tellNoServer();
      return;
    }
    await this.readChoices();
    await this.conversation.read();
  }

  private isConnected(): boolean {
    try {
      return this.ground.server.running() !== undefined;
    } catch {
      return false;
    }
  }

  private async readChoices(): Promise<void> {
    try {
      const choices = await this.ground.server.execute<ChatChoices>("steward.chat.choices", {});
      this.view.tell({ type: "choices", choices, reason: choices.isUnavailable });
    } catch (error) {
      this.view.tell({ type: "choices", choices: null, reason: reasonOf(error) });
    }
  }

  private tellNoServer(): void {
    this.view.tell({ type: "choices", choices: null, reason: "Steward is not running." });
  }

  private tellChips(): void {
    this.view.tell({ type: "chips", chips: this.chips.all() });
  }

  private tellWaiting(): void {
    this.view.tell({ type: "waiting", count: this.ground.questions.count });
  }

  private tellConversation(conversation: Conversation | undefined): void {
    this.view.describe(conversation?.title ?? "");
    this.setAnswering(conversation?.messages.some(({ state }) => state === "answering") ?? false);
    void vscode.commands.executeCommand("setContext", "steward.chatOpen", conversation !== undefined);
    this.view.tell({ type: "conversation", conversation: conversation ?? null });
  }

  private tellPiece(piece: ChatPiece): void {
    this.setAnswering(piece.state === "answering");
    this.view.tell({ type: "piece", piece });
  }

  private setAnswering(isAnswering: boolean): void {
    void vscode.commands.executeCommand("setContext", "steward.chatAnswering", isAnswering);
  }

  private async reported(work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.view.tell({ type: "told", text: reasonOf(error) });
      // While the server is on its way out or in, the page says so in its own place.
      if (this.isConnected()) {
        showFailure(error);
      }
    }
  }
}

/** VS Code asks before it opens a page of the web that the person has not trusted. */
async function openLink(target: string): Promise<void> {
  const uri = vscode.Uri.parse(target, true);
  if (uri.scheme === "https" || uri.scheme === "http") {
    await vscode.env.openExternal(uri);
  }
}
