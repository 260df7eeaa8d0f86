/** What files would be after a workspace edit, worked out without touching them. */

import * as vscode from "vscode";
import {
  CreateFile,
  DeleteFile,
  RenameFile,
  TextDocumentEdit,
  type WorkspaceEdit,
} from "vscode-languageclient/node";
import { type AnyEdit, applyEdits, ContradictionError } from "./textEdits";

/** What becomes of one file. */
export type FilePreview =
  | { kind: "create"; uri: vscode.Uri; before: undefined; after: string }
  | { kind: "edit"; uri: vscode.Uri; before: string; after: string }
  | { kind: "rename"; uri: vscode.Uri; from: vscode.Uri; before: string; after: string }
  | { kind: "delete"; uri: vscode.Uri; before: string; after: undefined };

/** A path that the edit touches, as it was when the preview was made. */
export interface Place {
  uri: vscode.Uri;
  /** `undefined`: there is no file. */
  before: string | undefined;
  /** Whether a person's own unsaved work is in it. */
  wasDirty: boolean;
}

/** The files an edit is about, and every path that it touches. */
export interface Preview {
  files: FilePreview[];
  places: Place[];
}

/** The edit is not one that can be shown whole, or not of the text that is there now. */
export class CannotPreviewError extends Error {}

/** Work out what `edit` would do. Throws `CannotPreviewError` rather than show half of it. */
export async function previewOf(
  edit: WorkspaceEdit,
  asUri: (value: string) => vscode.Uri,
): Promise<Preview> {
  const drafts = new Drafts();
  for (const change of edit.documentChanges ?? []) {
    if (TextDocumentEdit.is(change)) {
      const { uri, version } = change.textDocument;
      await drafts.change(asUri(uri), change.edits, version);
    } else if (CreateFile.is(change)) {
      await drafts.create(asUri(change.uri));
    } else if (DeleteFile.is(change)) {
      await drafts.delete(asUri(change.uri));
    } else if (RenameFile.is(change)) {
      await drafts.rename(asUri(change.oldUri), asUri(change.newUri));
    } else {
      throw new CannotPreviewError("the edit holds a change of a kind that is not known here");
    }
  }
  for (const [uri, edits] of Object.entries(edit.changes ?? {})) {
    await drafts.change(asUri(uri), edits, null);
  }
  return drafts.done();
}

/** A path's name for a person. */
export function nameOf(uri: vscode.Uri): string {
  return vscode.workspace.asRelativePath(uri);
}

/** Whether anything is at this path, on the disk. */
export async function isThere(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}

/** A text that exists only while the preview is made; `origin` is where it lay at first. */
interface Draft {
  uri: vscode.Uri;
  text: string;
  origin: string | undefined;
}

class Drafts {
  private readonly places = new Map<string, Place & { document?: vscode.TextDocument }>();
  private readonly drafts = new Map<string, Draft>();

  async create(uri: vscode.Uri): Promise<void> {
    await this.expectNothing(uri);
    this.drafts.set(uri.toString(), { uri, text: "", origin: undefined });
  }

  async delete(uri: vscode.Uri): Promise<void> {
    const { origin } = await this.find(uri);
    if (origin !== undefined && this.places.get(origin)?.wasDirty) {
      throw new CannotPreviewError(`${nameOf(uri)} has unsaved changes, which would be lost: save it`);
    }
    this.drafts.delete(uri.toString());
  }

  async rename(from: vscode.Uri, to: vscode.Uri): Promise<void> {
    const draft = await this.find(from);
    await this.expectNothing(to);
    this.drafts.delete(from.toString());
    this.drafts.set(to.toString(), { ...draft, uri: to });
  }

  async change(uri: vscode.Uri, edits: AnyEdit[], version: number | null): Promise<void> {
    const draft = await this.find(uri);
    const place = draft.origin === undefined ? undefined : this.places.get(draft.origin);
    if (place?.document && version !== null && place.document.version !== version) {
      throw new CannotPreviewError(`${nameOf(uri)} has changed since the edit was made`);
    }
    if (place?.wasDirty && version === null) {
      throw new CannotPreviewError(`${nameOf(uri)} has unsaved changes that the edit does not know: save it`);
    }
    try {
      const text = applyEdits(draft.text, edits, place?.document && endOfLine(place.document));
      this.drafts.set(uri.toString(), { ...draft, text });
    } catch (error) {
      throw error instanceof ContradictionError ? new CannotPreviewError(error.message) : error;
    }
  }

  done(): Preview {
    const kept = new Set([...this.drafts.values()].map((draft) => draft.origin));
    const left = [...this.drafts.values()].map((draft) => this.outcome(draft));
    const gone = [...this.places.entries()].flatMap(([key, { uri, before }]): FilePreview[] =>
      before === undefined || kept.has(key) ? [] : [{ kind: "delete", uri, before, after: undefined }],
    );
    return { files: [...left, ...gone], places: [...this.places.values()] };
  }

  private outcome({ uri, text, origin }: Draft): FilePreview {
    const place = origin === undefined ? undefined : this.places.get(origin);
    if (place?.before === undefined) {
      return { kind: "create", uri, before: undefined, after: text };
    }
    return origin === uri.toString()
      ? { kind: "edit", uri, before: place.before, after: text }
      : { kind: "rename", uri, from: place.uri, before: place.before, after: text };
  }

  private async find(uri: vscode.Uri): Promise<Draft> {
    await this.look(uri);
    const draft = this.drafts.get(uri.toString());
    if (draft === undefined) {
      throw new CannotPreviewError(`there is no ${nameOf(uri)}`);
    }
    return draft;
  }

  /** Nothing is ever overwritten: what a person approves must not cost what they did not see. */
  private async expectNothing(uri: vscode.Uri): Promise<void> {
    const place = await this.look(uri);
    if (place.before !== undefined || this.drafts.has(uri.toString())) {
      throw new CannotPreviewError(`there is a ${nameOf(uri)} already`);
    }
  }

  private async look(uri: vscode.Uri): Promise<Place> {
    const key = uri.toString();
    const known = this.places.get(key);
    if (known) {
      return known;
    }
    if (!(await isThere(uri))) {
      const place = { uri, before: undefined, wasDirty: false };
      this.places.set(key, place);
      return place;
    }
    const document = await open(uri);
    const place = { uri, before: document.getText(), wasDirty: document.isDirty, document };
    this.places.set(key, place);
    this.drafts.set(key, { uri, text: place.before, origin: key });
    return place;
  }
}

function endOfLine(document: vscode.TextDocument): string {
  return document.eol === vscode.EndOfLine.CRLF ? "\r\n" : "\n";
}

async function open(uri: vscode.Uri): Promise<vscode.TextDocument> {
  try {
    return await vscode.workspace.openTextDocument(uri);
  } catch (error) {
    throw new CannotPreviewError(`${nameOf(uri)} cannot be read`, { cause: error });
  }
}
