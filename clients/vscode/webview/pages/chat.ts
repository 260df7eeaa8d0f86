/** The page of the chat: the conversation, and where the person writes. */

import type { ToPage } from "../../src/chat/protocol";
import { Composer } from "../chat/composer";
import { say } from "../chat/host";
import { Log } from "../chat/log";
import { button, make, shown } from "../elements";
import { onMessage } from "../host";

// What is said here is read out: finished answers, and what became of a press.
const spoken = make("p", { class: "spoken", role: "status", "aria-live": "polite" });
const told = make("p", { class: "told", role: "status" });
const waiting = make("p", { class: "waiting" });
waiting.hidden = true;
const composer = new Composer();
const log = new Log((answer) => {
  spoken.textContent = `Steward has answered. ${answer.spoken}`;
});
document.getElementById("root")?.append(make("h1", { class: "spoken" }, "Chat"), log.element, waiting, told, composer.element, spoken);

function showWaiting(count: number): void {
  const words = count === 1 ? "A question waits for your answer." : `${count} questions wait for your answers.`;
  waiting.hidden = count === 0;
  waiting.replaceChildren(words, " ", button("Show", () => say({ type: "questions" }), { label: "Show what waits for you" }));
}

function hear(message: ToPage): void {
  switch (message.type) {
    case "conversation":
      log.show(message.conversation);
      composer.remember((message.conversation?.messages ?? []).flatMap((one) => (one.author === "person" ? [one.text] : [])));
      return composer.answering(log.isAnswering);
    case "piece":
      log.take(message.piece);
      return composer.answering(log.isAnswering);
    case "choices":
      if (message.choices) {
        composer.offer(message.choices);
      }
      return composer.unavailable(message.reason, message.choices === null);
    case "chips":
      return composer.showChips(message.chips);
    case "pointed":
      return composer.pointed(message.text);
    case "waiting":
      return showWaiting(message.count);
    case "sent":
      told.replaceChildren();
      log.goToEnd();
      return composer.sent();
    case "refused":
      return composer.refused(message.reason);
    case "told":
      return told.replaceChildren(...shown(message.text));
    case "focus":
      return composer.focus();
  }
}

onMessage<ToPage>(hear);
say({ type: "ready" });
