/** The component's exports: loads an extension's sources and passes events to what they registered. */

import { describe } from "./faults.js";
import { load as loadPackage } from "./modules.js";
import { reseed } from "./random.js";
import { console } from "./console.js";
import { begin, registered, steward, whole } from "./steward.js";

globalThis.console = console;

export const guest = {
  load(bundle) {
    return guarded(() => {
      const request = JSON.parse(bundle);
      reseed(request.id);
      begin(request.files);
      loadPackage(request.entry, request.files, steward);
      return {
        commands: [...registered.commands.keys()],
        hooks: [...registered.hooks.keys()],
        context_stages: [...registered.contextStages.keys()],
        tools: [...registered.tools.keys()],
        engine_hooks: [...registered.engineHooks.keys()],
      };
    });
  },

  handle(topic, payload) {
    return guarded(() => dispatch(topic, JSON.parse(payload)));
  },
};

/** The answer as JSON. Only a text may be thrown across the boundary: all else ends the instance. */
function guarded(work) {
  let text;
  try {
    text = JSON.stringify(work(), (_key, value) => whole(value)) ?? "null";
  } catch (error) {
    throw describe(error).toWellFormed();
  }
  return text;
}

function dispatch(topic, payload) {
  const colon = topic.indexOf(":");
  const kind = colon < 0 ? topic : topic.slice(0, colon);
  const name = topic.slice(colon + 1);
  switch (kind) {
    case "command":
      return said(call(only(registered.commands, "command", name), payload));
    case "context":
      return call(only(registered.contextStages, "context stage", name), payload) ?? {};
    case "tool":
      return { result: call(only(registered.tools, "tool", name), payload.arguments) ?? null };
    case "engine":
      return verdict(registered.engineHooks.get(name) ?? [], payload);
    case "onFileSave":
      return { diagnostics: each(registered.hooks.get(kind), payload).flat() };
    default:
      each(registered.hooks.get(kind), payload);
      each(registered.events.get(kind), payload);
      return {};
  }
}

function only(table, what, name) {
  const found = table.get(name);
  if (found === undefined) {
    throw new Error(`no ${what} ${JSON.stringify(name)} is registered`);
  }
  return found;
}

/** What the author's function gives. Nothing here could ever finish a promise. */
function call(handler, argument) {
  const result = handler(argument);
  if (typeof result?.then === "function") {
    throw new TypeError(
      "A handler gave a promise. Nothing waits here: every function of `steward` gives its answer" +
        " at once, so leave out `async` and `await`.",
    );
  }
  return result;
}

function each(handlers, payload) {
  return (handlers ?? []).map((handler) => call(handler, payload)).filter((it) => it != null);
}

function said(result) {
  return typeof result === "string" ? { message: result } : (result ?? {});
}

/** All are told, and every reason that one of them gives is one. */
function verdict(handlers, moment) {
  const reasons = each(handlers, moment).filter((reason) => reason !== "");
  return { veto: reasons.length === 0 ? null : reasons.join("; ") };
}
