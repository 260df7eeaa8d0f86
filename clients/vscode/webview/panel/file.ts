/** A file of the workspace that a panel names: the client decides whether it is opened. */

/** Where it leads. */
export interface File {
  path: string;
  /** From nought. */
  line: number;
}

/** The file that a link of Markdown means, `src/shop.py`, `src/shop.py:12` or `src/shop.py#L12`; else none. */
export function fileOf(target: string): File | undefined {
  const [, written = "", number = "1"] = /^([^#?]+?)(?:(?:#L|:)(\d{1,7}))?$/.exec(target) ?? [];
  const path = decoded(written);
  const isOwn = path !== "" && !/^[a-z][a-z\d+.-]*:|^\/|\\/i.test(path);
  const isInside = path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  return isOwn && isInside ? { path, line: Math.max(0, Number(number) - 1) } : undefined;
}

/** The place as it is written for a person, its line from 1. */
export function whereOf(path: string, line: number | null): string {
  return line === null ? path : `${path}:${line + 1}`;
}

function decoded(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return "";
  }
}
