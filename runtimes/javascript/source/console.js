/** `console`, which writes to the extension's own log. */

import { log } from "steward:extension/host@1.0.0";

const writer = (level) => (...values) => log(level, values.map(shown).join(" ").toWellFormed());

export const console = {
  debug: writer("debug"),
  log: writer("info"),
  info: writer("info"),
  warn: writer("warning"),
  error: writer("error"),
};

function shown(value) {
  if (typeof value === "string") {
    return value;
  }
  if (value instanceof Error) {
    return `${value.name}: ${value.message}`;
  }
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
