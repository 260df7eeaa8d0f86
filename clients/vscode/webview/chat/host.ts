/** What the chat's page says to the client, and what it keeps while it is hidden. */

import type { ChatMode, FromPage } from "../../src/chat/protocol";
import { host } from "../host";

/** What outlives the page: what was typed and chosen. */
export interface Kept {
  draft: string;
  mode: ChatMode | "";
  agent: string;
  model: string;
}

/** Tell the client. */
export function say(message: FromPage): void {
  host.postMessage(message);
}

/** What was kept; whoever typed nothing yet has nothing. */
export function kept(): Kept {
  const nothing: Kept = { draft: "", mode: "", agent: "", model: "" };
  return { ...nothing, ...(host.getState() as Partial<Kept> | undefined) };
}

/** Keep what has changed. */
export function keep(changed: Partial<Kept>): void {
  host.setState({ ...kept(), ...changed });
}
