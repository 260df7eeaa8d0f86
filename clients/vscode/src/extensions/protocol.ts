/** What the server tells of extensions, and what a person asks for. */

import { NotificationType } from "vscode-languageclient/node";
import type { PanelContent } from "./messages";

/** When a command or an entry of a menu is offered; every part that says something must hold. */
export interface When {
  /** Language ids of the document in front; none: any. */
  languages: string[];
  /** Whether something must be selected, or must not; `null`: either. */
  selection: boolean | null;
  /** Globs for the document's path; none: any. */
  files: string[];
  /** Offered only where a file of these exists. */
  workspace_has: string[];
}

/** A command that an extension brings. */
export interface ExtensionCommand {
  id: string;
  title: string;
  category: string | null;
  when: When;
}

/** An entry that it puts into the menu of a right click. */
export interface ExtensionMenu {
  command: string;
  title: string;
  when: When;
}

/** One thing that it wants to be allowed, and whether it is. */
export interface ExtensionGrant {
  capability: string;
  /** The end of the sentence "It may …". */
  words: string;
  /** Narrower: of what; none: of all. */
  globs: string[];
  /** Why the extension needs it, by its own account. */
  reason: string;
  granted: boolean;
}

/** What it did since the server started. */
export interface ExtensionActivity {
  calls: number;
  refused: number;
  faults: number;
  lastFault: string | null;
  costNanoUsd: number;
}

/** `faulted`: stopped after repeated faults; `asks`: it wants more than it was granted. */
export type ExtensionState = "enabled" | "disabled" | "faulted" | "asks";

/** An installed extension, as `steward.extension.list` tells of it. */
export interface ExtensionSummary {
  /** `publisher.name`. */
  id: string;
  name: string;
  version: string;
  publisher: string;
  description: string;
  state: ExtensionState;
  /** Why it cannot run, in words; `null` where nothing is in the way. */
  whyNot?: string | null;
  /** It comes with Steward. */
  isShipped: boolean;
  grants: ExtensionGrant[];
  commands: ExtensionCommand[];
  menus: ExtensionMenu[];
  panels: { id: string; title: string }[];
  activity: ExtensionActivity;
  /** What holds it, as a sentence. */
  jail: string;
}

/** What `steward.extension.list` answers. */
export interface ExtensionList {
  extensions: ExtensionSummary[];
}

/** A panel has something to show. */
export interface PanelParams {
  extension: string;
  panel: string;
  title: string;
  content: PanelContent;
}

export const extensionsChanged = new NotificationType<unknown>("steward/extensions");
export const panelShown = new NotificationType<PanelParams>("steward/extension/panel");
