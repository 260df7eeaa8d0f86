/** What the page of an extension's panel is told, and what it asks for. */

/** Markdown; its links lead to files of the workspace. */
export interface TextBlock {
  kind: "markdown";
  text: string;
}

/** An entry of a list: one with a path opens it, one with a command runs that command. */
export interface Item {
  label: string;
  detail: string;
  path: string | null;
  /** From nought. */
  line: number | null;
  command: string | null;
}

export interface ListBlock {
  kind: "list";
  title: string;
  items: Item[];
}

export interface TableBlock {
  kind: "table";
  title: string;
  columns: string[];
  rows: string[][];
}

export interface PlotBlock {
  kind: "plot";
  title: string;
  form: "line" | "bar";
  labels: string[];
  series: Record<string, number[]>;
}

export type Block = TextBlock | ListBlock | TableBlock | PlotBlock;

/** What a panel shows, from top to bottom. */
export interface PanelContent {
  blocks: Block[];
}

/** The page as it is to be now. */
export interface PanelPage {
  title: string;
  /** Whose it is: the name of the extension and its id. */
  name: string;
  id: string;
  /** Why nothing new comes; empty while the extension runs. */
  notice: string;
  blocks: Block[];
}

/** What the person wants of the page. */
export type PanelWish =
  | { type: "ready" }
  | { type: "open"; path: string; line: number }
  | { type: "run"; command: string };
