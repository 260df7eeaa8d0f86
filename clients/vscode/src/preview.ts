/** What files would be after a workspace edit, worked out without touching them. */

import * as vscode from "vscode";
import {
  type AnnotatedTextEdit,
  CreateFile,
  DeleteFile,
  RenameFile,
  type SnippetTextEdit,
  TextDocumentEdit,
  type TextEdit,
  type WorkspaceEdit,
} from "vscode-languageclient/node";

type AnyEdit = TextEdit | AnnotatedTextEdit | SnippetTextEdit;
type Position = TextEdit["range"]["start"];

/** One file: `undefined` is a file that is not there. */
export interface FilePreview {
  uri: vscode.Uri;
  before: string | undefined;
  after: string | undefined;
}

/** An open document at the time of the preview. */
export interface DocumentState {
  document: vscode.TextDocument;
  version: number;
  wasDirty: boolean;
}

/** The files an edit touches, and the documents it was computed from. */
export interface Preview {
  files: FilePreview[];
  documents: DocumentState[];
}

/** The edit is not one that can be shown whole, or not of the text that is there now. */
export class CannotPreviewError extends Error {}

/** Work out what `edit` would do. Throws `CannotPreviewError` rather than show half of it. */
export async function previewOf(
  edit: WorkspaceEdit,
  asUri: (value: string) => vscode.Uri,
): Promise<Preview> {
  const drafts = new Drafts(asUri);
  for (const change of edit.documentChanges ?? []) {
    if (TextDocumentEdit.is(change)) {
      await drafts.change(change.textDocument.uri, change.edits, change.textDocument.version);
    } else if (CreateFile.is(change)) {
      await drafts.create(change.uri);
    } else if (DeleteFile.is(change)) {
      await drafts.read(change.uri);
      drafts.set(change.uri, undefined);
    } else if (RenameFile.is(change)) {
      const text = await drafts.read(change.oldUri);
      drafts.set(change.oldUri, undefined);
      drafts.set(change.newUri, text);
    }
  }
  for (const [uri, edits] of Object.entries(edit.changes ?? {})) {
    await drafts.change(uri, edits, null);
  }
  return drafts.done();
}

/** Texts that exist only while a preview is made. */
class Drafts {
  private readonly files = new Map<string, FilePreview>();
  private readonly documents = new Map<string, DocumentState>();

  constructor(private readonly asUri: (value: string) => vscode.Uri) {}

  async read(uri: string): Promise<string | undefined> {
    const known = this.files.get(uri);
    if (known) {
      return known.after;
    }
    const document = await open(this.asUri(uri));
    this.documents.set(uri, { document, version: document.version, wasDirty: document.isDirty });
    const text = document.getText();
    this.files.set(uri, { uri: document.uri, before: text, after: text });
    return text;
  }

  /** A file already there is shown as what is lost. */
  async create(uri: string): Promise<void> {
    const isThere = await vscode.workspace.fs.stat(this.asUri(uri)).then(
      () => true,
      () => false,
    );
    if (isThere) {
      await this.read(uri);
    }
    this.set(uri, "");
  }

  set(uri: string, after: string | undefined): void {
    const known = this.files.get(uri);
    this.files.set(uri, { uri: this.asUri(uri), before: known?.before, after });
  }

  async change(uri: string, edits: AnyEdit[], version: number | null): Promise<void> {
    const text = await this.read(uri);
    const state = this.documents.get(uri);
    const name = vscode.workspace.asRelativePath(this.asUri(uri));
    if (text === undefined) {
      throw new CannotPreviewError(`${name} would be gone before it is edited`);
    }
    if (state && version !== null && state.version !== version) {
      throw new CannotPreviewError(`${name} has changed since the edit was made`);
    }
    if (state?.wasDirty && version === null) {
      throw new CannotPreviewError(`${name} has unsaved changes that the edit does not know`);
    }
    const endOfLine = state?.document.eol === vscode.EndOfLine.CRLF ? "\r\n" : "\n";
    this.set(uri, applyEdits(text, edits, endOfLine));
  }

  done(): Preview {
    return { files: [...this.files.values()], documents: [...this.documents.values()] };
  }
}

async function open(uri: vscode.Uri): Promise<vscode.TextDocument> {
  try {
    return await vscode.workspace.openTextDocument(uri);
  } catch (error) {
    throw new CannotPreviewError(`${vscode.workspace.asRelativePath(uri)} cannot be read`, {
      cause: error,
    });
  }
}

function applyEdits(text: string, edits: AnyEdit[], endOfLine: string): string {
  const starts = lineStarts(text);
  const offset = (at: Position): number =>
    Math.min((starts[at.line] ?? text.length) + at.character, lineEnd(text, starts, at.line));
  const pieces: string[] = [];
  let done = 0;
  for (const edit of inOrder(edits)) {
    if (!("newText" in edit)) {
      throw new CannotPreviewError("the edit holds a snippet, which has no fixed text");
    }
    const start = offset(edit.range.start);
    if (start < done) {
      throw new CannotPreviewError("two parts of the edit overlap");
    }
    pieces.push(text.slice(done, start), edit.newText.replace(/\r\n|\r|\n/g, endOfLine));
    done = offset(edit.range.end);
  }
  return pieces.join("") + text.slice(done);
}

/** Edits by start; those at one place stay in the order given, as the protocol says. */
function inOrder(edits: AnyEdit[]): AnyEdit[] {
  return edits.toSorted(
    (a, b) =>
      a.range.start.line - b.range.start.line ||
      a.range.start.character - b.range.start.character,
  );
}

function lineStarts(text: string): number[] {
  return [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map((found) => found.index + found[0].length)];
}

function lineEnd(text: string, starts: number[], line: number): number {
  const next = starts[line + 1];
  if (next === undefined) {
    return text.length;
  }
  return text.slice(next - 2, next) === "\r\n" ? next - 2 : next - 1;
}
