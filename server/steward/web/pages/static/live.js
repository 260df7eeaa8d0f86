// What happens is shown while it happens: parts of the page that say so are loaded again.
//
//   data-live="run approval"  with hx-get and an id or hx-select (and hx-trigger="live", so that a
//                             click does nothing): loaded again when something of these kinds happens
//   data-live-subject="ID"    only where it is about this one
//   data-live-cost="all"      (or "user:NAME", "run:ID"…) with data-nano-usd: counted on at once;
//                             what stands round it is loaded again soon, and is right then
//   data-live-state           says how live the page is
"use strict";

(() => {
  const SOON_MS = 250;
  const COSTS_MS = 2000; // Calls are paid for many times a second.
  const FIRST_PAUSE_MS = 500;
  const LONGEST_PAUSE_MS = 30000;
  const SIGNED_OUT = 4001;
  const NAMED = { user: "user", team: "team", workspace: "workspace", run: "subject" };

  let socket = null;
  let seq = null; // As far as this page was told everything.
  let pause_ms = FIRST_PAUSE_MS;
  let again = 0;
  const waiting = new Map(); // Element → the timer that loads it.

  const followed = () => [...document.querySelectorAll("[data-live][hx-get], [data-live-cost]")];

  function say(words) {
    for (const each of document.querySelectorAll("[data-live-state]")) {
      if (each.textContent !== words) each.textContent = words;
      each.hidden = words === "";
    }
  }

  function load(element, after_ms) {
    if (waiting.has(element)) return;
    const timer = setTimeout(() => {
      waiting.delete(element);
      if (element.isConnected) {
        htmx.ajax("GET", element.getAttribute("hx-get"), {
          source: element,
          target: element.getAttribute("hx-target") ?? element,
          swap: element.getAttribute("hx-swap") ?? "outerHTML",
          select: element.getAttribute("hx-select") ?? (element.id ? `#${element.id}` : undefined),
        });
      }
    }, after_ms);
    waiting.set(element, timer);
  }

  function loadAll() {
    for (const each of document.querySelectorAll("[data-live][hx-get]")) load(each, SOON_MS);
  }

  function isAbout(element, event) {
    const subject = element.dataset.liveSubject;
    return subject === undefined || subject === event.subject || subject === event.detail.run_id;
  }

  function usd(nano) {
    const cents = Math.abs(nano) >= 1e9 || nano === 0;
    return `$${(nano / 1e9).toFixed(cents ? 2 : 4)}`;
  }

  function count(event) {
    for (const each of document.querySelectorAll("[data-live-cost]")) {
      const whose = each.dataset.liveCost;
      const [kind, ...name] = whose.split(":");
      if (whose !== "all" && event[NAMED[kind]] !== name.join(":")) continue;
      const nano = Number(each.dataset.nanoUsd ?? 0) + event.detail.cost_nano_usd;
      each.dataset.nanoUsd = String(nano);
      each.textContent = usd(nano);
    }
  }

  function take(event) {
    seq = event.seq;
    if (event.kind === "hello") {
      if (event.reset) loadAll();
      say("live");
      return;
    }
    if (event.kind === "mark") return;
    if (event.kind === "cost") count(event);
    for (const each of document.querySelectorAll("[data-live][hx-get]")) {
      if (each.dataset.live.split(" ").includes(event.kind) && isAbout(each, event)) {
        load(each, event.kind === "cost" ? COSTS_MS : SOON_MS);
      }
    }
  }

  function hear(message) {
    const before = seq;
    for (const event of JSON.parse(message.data)) {
      take(event);
      // What is missing comes behind the hello: until then nothing newer was heard.
      if (event.kind === "hello" && event.resumed && before !== null) seq = before;
    }
    pause_ms = FIRST_PAUSE_MS;
  }

  function leave() {
    clearTimeout(again);
    const open = socket;
    socket = null;
    if (open !== null) open.close();
  }

  function come() {
    clearTimeout(again);
    const elements = followed();
    if (socket !== null || document.hidden || elements.length === 0) return;
    const kinds = new Set(elements.flatMap((each) => (each.dataset.live ?? "cost").split(" ")));
    if (elements.some((each) => each.dataset.liveCost !== undefined)) kinds.add("cost");
    const address = new URL("/api/v1/live", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    address.searchParams.set("kinds", [...kinds].filter(Boolean).sort().join(","));
    if (seq !== null) address.searchParams.set("after", String(seq));
    const mine = (socket = new WebSocket(address));
    mine.addEventListener("message", (message) => mine === socket && hear(message));
    mine.addEventListener("close", (closed) => {
      if (mine !== socket) return; // We left it ourselves.
      socket = null;
      if (closed.code === SIGNED_OUT) return say("signed out");
      say("reconnecting");
      // Not all pages of a server that came back at the same moment.
      again = setTimeout(come, pause_ms * (0.5 + Math.random()));
      pause_ms = Math.min(2 * pause_ms, LONGEST_PAUSE_MS);
    });
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return come();
    leave();
    say("");
  });
  addEventListener("pagehide", leave);
  addEventListener("pageshow", come);
  document.addEventListener("DOMContentLoaded", come);
  document.addEventListener("htmx:afterSettle", come); // The first such part may have come now.
})();
