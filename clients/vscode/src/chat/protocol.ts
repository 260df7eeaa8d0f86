/** What the chat's server, this client and its page say to each other. */

/** `ask`: the model answers, and nothing is done. All others are a run of an agent. */
export type ChatMode = "ask" | "analysis_only" | "dry_run" | "step" | "normal";

/** What can be chosen. */
export interface ChatChoices {
  agents: { id: string; name: string; description: string; mode: string }[];
  models: { id: string; name: string; isDefault: boolean }[];
  modes: { id: ChatMode; title: string; detail: string }[];
  /** Why no model can be asked now; empty where one can. */
  isUnavailable: string;
}

/** Text that goes along with a question, with where it is from. */
export interface Attachment {
  kind: "selection" | "diagnostics" | "terminal";
  title: string;
  text: string;
}

/** How an answer stands. */
export type AnswerState = "answering" | "finished" | "failed" | "stopped";

/** A message of a conversation. */
export interface ChatMessage {
  id: string;
  author: "person" | "assistant";
  text: string;
  at: string;
  mode: ChatMode;
  agent: string;
  model: string;
  state: AnswerState;
  /** Why it failed or was stopped. */
  note: string;
  runId: string;
  /** Ready to show. */
  cost: string;
  attachments: { kind: string; title: string }[];
  mentions: string[];
  leftOut: { what: string; why: string }[];
  /** The last piece that `text` holds, while it is written. Servers need not say. */
  sequence?: number;
}

/** A conversation, whole. */
export interface Conversation {
  id: string;
  title: string;
  messages: ChatMessage[];
}

/** A conversation in a list. */
export interface ConversationSummary {
  id: string;
  title: string;
  updatedAt: string;
  messages: number;
  isAnswering: boolean;
}

/** A piece of an answer. */
export interface ChatPiece {
  conversationId: string;
  messageId: string;
  /** From one, rising by one. */
  sequence: number;
  add: string;
  state: AnswerState;
  note: string;
  runId: string;
  /** What its run does now. */
  step: string;
  cost: string;
}

/** What became of a question that was sent. */
export interface Sent {
  conversationId: string;
  messageId: string;
  answerId: string;
  runId: string;
}

/** Something that goes along with the next question. */
export interface Chip {
  /** Names this chip and what is in it: another text has another key. */
  key: string;
  kind: "place" | "mention" | Attachment["kind"];
  title: string;
  /** How much of it there is, where the title does not say so. */
  detail: string;
}

/** What can be pointed at; `any` lets the person choose which of them. */
export type Pointing = "file" | "symbol" | "selection" | "diagnostics" | "terminal" | "place" | "any";

/** What the page tells the client. */
export type FromPage =
  | { type: "ready" }
  | { type: "send"; text: string; mode: ChatMode; agent: string; model: string; keys: string[] }
  | { type: "stop" | "questions" | "restart" }
  /** `typed`: the sign that asked for it stands in the text. */
  | { type: "point"; what: Pointing; typed: boolean }
  | { type: "remove" | "look"; key: string }
  | { type: "copy" | "insert"; messageId: string; text: string }
  | { type: "apply"; messageId: string; block: number }
  | { type: "open"; target: string }
  | { type: "run"; runId: string }
  /** The person thinks well or badly of an answer. */
  | { type: "feedback"; messageId: string; verdict: "good" | "bad" };

/** What the client tells the page. */
export type ToPage =
  | { type: "conversation"; conversation: Conversation | null }
  | { type: "piece"; piece: ChatPiece }
  /** `null`: there is no server. */
  | { type: "choices"; choices: ChatChoices | null; reason: string }
  | { type: "chips"; chips: Chip[] }
  /** What was chosen for a sign in the text; empty where nothing was. */
  | { type: "pointed"; text: string }
  /** Questions that wait for the person. */
  | { type: "waiting"; count: number }
  | { type: "sent" }
  /** It was not done; in words. */
  | { type: "refused"; reason: string }
  | { type: "told"; text: string }
  | { type: "focus" };
