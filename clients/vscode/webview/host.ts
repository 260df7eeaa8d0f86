/** The way from a page to the client that shows it, and back. */

interface Host {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): Host;

/** May be acquired once only. */
export const host: Host = acquireVsCodeApi();

/** Be told what the client sends. */
export function onMessage<T>(heard: (message: T) => void): void {
  window.addEventListener("message", (event: MessageEvent<T>) => {
    // It comes by way of the frame around this one. In a browser any page that opened the editor's
    // could send something, too.
    if (event.origin === window.origin) {
      heard(event.data);
    }
  });
}
