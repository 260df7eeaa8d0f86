/** The module `steward`: what an extension registers, and what it may ask for. */

import * as host from "steward:extension/host@1.0.0";

/** What the extension registered: name → function, or event → functions. */
export const registered = {
  commands: new Map(),
  contextStages: new Map(),
  tools: new Map(),
  hooks: new Map(),
  engineHooks: new Map(),
  events: new Map(),
};

let resources = {};

const hooks = ["onLoad", "onUnload", "onWorkspaceChange", "onFileSave"];
const moments = ["before", "after", "error"].flatMap((time) =>
  ["task", "stage", "agent", "tool", "model"].map((point) => `${time}-${point}`),
);
const events = ["editDecided"];

/** Begin with an extension's files and nothing registered. */
export function begin(files) {
  resources = files;
  Object.values(registered).forEach((table) => table.clear());
}

/** Steward did not do what it was asked. */
class HostError extends Error {
  constructor(message) {
    super(message);
    this.name = new.target.name;
  }
}
/** It was not declared, not granted, or the operator forbids it. */
class Denied extends HostError {}
/** There is no such thing. */
class NotFound extends HostError {}
/** The argument is not what it must be. */
class Invalid extends HostError {}
/** A quota is used up, or something is too large. */
class Limit extends HostError {}
/** It cannot be had at the moment. */
class Unavailable extends HostError {}

const kinds = {
  denied: Denied,
  "not-found": NotFound,
  invalid: Invalid,
  limit: Limit,
  unavailable: Unavailable,
};

/** Half a character, as a text that was cut has, cannot leave: it becomes the sign for one. */
export const whole = (value) => (typeof value === "string" ? value.toWellFormed() : value);

function asked(call, ...values) {
  try {
    return call(...values.map(whole));
  } catch (error) {
    const { tag, val } = error.payload ?? {};
    if (kinds[tag] === undefined) {
      throw error;
    }
    throw new kinds[tag](val);
  }
}

const askedJson = (call, value) => JSON.parse(asked(call, JSON.stringify(value)));

function once(table, what, name, handler) {
  checked(what, name, handler);
  if (table.has(name)) {
    throw new Error(`The ${what} ${JSON.stringify(name)} is registered twice.`);
  }
  table.set(name, handler);
}

function also(table, what, name, handler, known) {
  checked(what, name, handler);
  if (!known.includes(name)) {
    const there = known.join(", ");
    throw new Error(`There is no ${what} ${JSON.stringify(name)}; there are ${there}.`);
  }
  table.set(name, [...(table.get(name) ?? []), handler]);
}

function checked(what, name, handler) {
  if (typeof name !== "string" || typeof handler !== "function") {
    throw new TypeError(`A ${what} needs a name and a function.`);
  }
}

function linesOf(entries) {
  return entries.map((each) => (typeof each === "string" ? { label: each } : each));
}

export const steward = {
  command: (id, handler) => once(registered.commands, "command", id, handler),
  hook: (event, handler) => also(registered.hooks, "hook", event, handler, hooks),
  contextStage: (id, handler) => once(registered.contextStages, "context stage", id, handler),
  tool: (name, handler) => once(registered.tools, "tool", name, handler),
  engineHook: (moment, handler) =>
    also(registered.engineHooks, "engine hook", moment, handler, moments),
  on: (event, handler) => also(registered.events, "event", event, handler, events),

  readFile: (path) => asked(host.readFile, path),
  listFiles: (glob = "**", limit = 1000) => askedJson(host.listFiles, { glob, limit }).paths,
  git: (what, { path = null, limit = 50 } = {}) =>
    askedJson(host.gitRead, { what, path, limit }).text,
  state: (part) => JSON.parse(asked(host.productState, part)),
  proposeEdit: (title, changes) => askedJson(host.proposeEdit, { title, changes }).proposal,
  askModel(question, { instructions = "", max_tokens = 1000, tier = "cheap" } = {}) {
    const messages =
      typeof question === "string" ? [{ role: "user", text: question }] : question;
    return askedJson(host.askModel, { messages, instructions, max_tokens, tier });
  },
  runCommand: (argv, { reason, timeout_s = 60 } = {}) =>
    askedJson(host.runCommand, { argv, reason, timeout_s }),
  storageGet: (key) => JSON.parse(asked(host.storageGet, key) ?? "null"),
  storageSet: (key, value) =>
    void asked(host.storageSet, key, value == null ? undefined : JSON.stringify(value)),
  emit: (name, payload = null) => void asked(host.emit, name, JSON.stringify(payload)),
  log: (text, level = "info") => void host.log(String(level).toWellFormed(), String(text).toWellFormed()),
  showMessage: (text, level = "info") => void asked(host.showMessage, level, String(text)),
  showPanel: (panel, ...blocks) =>
    void asked(host.showPanel, panel, JSON.stringify({ blocks })),
  config: (key) => JSON.parse(asked(host.configGet, key)),
  resource(path) {
    if (!Object.hasOwn(resources, path)) {
      throw new NotFound(`The package has no text file ${JSON.stringify(path)}.`);
    }
    return resources[path];
  },

  diagnostic: (line, start, end, message, severity = "warning", code = "", path = null) => ({
    path,
    range: { start: { line, character: start }, end: { line, character: end } },
    message,
    severity,
    code,
  }),
  edit: (path, old_text, new_text) => ({ do: "edit", path, old_text, new_text }),
  write: (path, new_text) => ({ do: "write", path, new_text }),
  remove: (path) => ({ do: "delete", path }),
  rename: (path, to) => ({ do: "rename", path, to }),

  markdown: (text) => ({ kind: "markdown", text }),
  items: (title, entries) => ({ kind: "list", title, items: linesOf(entries) }),
  table: (title, columns, rows) => ({
    kind: "table",
    title,
    columns,
    rows: rows.map((row) => row.map(String)),
  }),
  plot: (title, labels, series, form = "line") => ({
    kind: "plot",
    title,
    form,
    labels: labels.map(String),
    series,
  }),

  HostError,
  Denied,
  NotFound,
  Invalid,
  Limit,
  Unavailable,
};
