/** What the server, this client and its pages agree on. Nothing here knows the editor. */

/** Longer reasons are refused by the server. */
export const reasonMax = 4_000;

/** Whether a run in this state does nothing more by itself. */
export function isEnded(state: string): boolean {
  return state === "finished" || state === "failed" || state === "cancelled";
}
