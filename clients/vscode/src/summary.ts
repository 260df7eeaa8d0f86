/** What an edit does to files, in words. */

import { type FilePreview, nameOf, type Preview } from "./preview";

/** An editor cuts a longer notification short, and nobody would know what was cut. */
const namesMax = 600;

const words = { create: "new", edit: "changed", rename: "renamed", delete: "deleted" } as const;

/** How many files of each kind: `1 new, 2 changed`. Nothing where one file's text is changed. */
export function kindsOf({ files }: Preview): string {
  if (isPlain(files)) {
    return "";
  }
  const kinds = Object.keys(words) as (keyof typeof words)[];
  return kinds
    .map((kind) => ({ word: words[kind], count: files.filter((file) => file.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ word, count }) => `${count} ${word}`)
    .join(", ");
}

/** The title with the names of all files; too many for a notification stand in the diff only. */
export function titled(title: string, preview: Preview): string {
  const { files } = preview;
  if (isPlain(files)) {
    return title;
  }
  const names = files.map(named).join("; ");
  return names.length <= namesMax
    ? `${title}: ${names}`
    : `${title}: ${kindsOf(preview)}; all of them are in the diff`;
}

function named(file: FilePreview): string {
  const from = file.kind === "rename" ? `${nameOf(file.from)} → ` : "";
  const isEdited = file.kind === "rename" && file.before !== file.after;
  return `${words[file.kind]}${isEdited ? " and changed" : ""} ${from}${nameOf(file.uri)}`;
}

/** The usual proposal, whose title says it all. */
function isPlain(files: FilePreview[]): boolean {
  return files.length === 1 && files[0]?.kind === "edit";
}
