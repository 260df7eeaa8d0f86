/** Remarks on what is left to do, and a command that reads a file. */

import { HostError, command, hook, readFile } from "steward";
import { remarks } from "./remarks";

hook("onFileSave", (event) => remarks(event.text));

command("first-line", ({ place }) => {
  if (place.path === null) {
    return "Open a file first.";
  }
  try {
    return readFile(place.path).split("\n")[0];
  } catch (refused) {
    if (refused instanceof HostError) {
      return `${place.path}: ${refused.message}`;
    }
    throw refused;
  }
});
