/** What is left to do in a text. */

import { diagnostic } from "steward";

/** A remark on each line that holds a TODO. */
export function remarks(text) {
  return text
    .split("\n")
    .map((line, number) => ({ number, column: line.indexOf("TODO") }))
    .filter(({ column }) => column >= 0)
    .map(({ number, column }) =>
      diagnostic(number, column, column + 4, "Something is left to do."),
    );
}
