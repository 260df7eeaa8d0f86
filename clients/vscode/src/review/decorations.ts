/** What a diff does not show by itself: hunks that are rejected, and what is easily overlooked. */

import * as vscode from "vscode";
import type { Piece, Place } from "./pieces";
import type { Review } from "./review";
import type { Reviews } from "./reviews";

/** A longer note beside a line is cut; the whole of it is in the hover. */
const noteMax = 100;

/** Kinds of marks that tell what happens, and warn of nothing. */
const plainKinds = new Set(["create", "rename"]);

/** Draws on the documents of reviews that are on the screen. */
export class Decorations {
  private readonly rejected = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    opacity: "0.4",
    textDecoration: "line-through",
  });
  private readonly notes = vscode.window.createTextEditorDecorationType({
    after: { margin: "0 0 0 2em", color: new vscode.ThemeColor("editorCodeLens.foreground") },
  });
  private readonly warnings = vscode.window.createTextEditorDecorationType({
    after: { margin: "0 0 0 2em", color: new vscode.ThemeColor("editorWarning.foreground") },
    overviewRulerColor: new vscode.ThemeColor("editorWarning.foreground"),
    overviewRulerLane: vscode.OverviewRulerLane.Right,
  });
  private readonly listening: vscode.Disposable[];

  constructor(private readonly reviews: Reviews) {
    this.listening = [
      reviews.onDidChange(() => this.draw()),
      vscode.window.onDidChangeVisibleTextEditors(() => this.draw()),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.listening, this.rejected, this.notes, this.warnings).dispose();
  }

  private draw(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const here = this.reviews.in(editor.document.uri);
      if (here.length === 0 && editor.document.uri.scheme !== this.reviews.scheme) {
        continue;
      }
      const pieces = here.flatMap(({ review, pieces }) =>
        pieces.filter(({ hunk }) => !review.isKept(hunk.id)),
      );
      editor.setDecorations(this.rejected, pieces.map(({ range }) => range));
      const places = here.flatMap(({ places }) => places);
      const isPlain = ({ mark }: Place): boolean => plainKinds.has(mark.kind);
      const said = here.flatMap(({ review, pieces }) => commentsOf(review, pieces));
      editor.setDecorations(this.notes, [...places.filter(isPlain).map(markNote), ...said]);
      editor.setDecorations(this.warnings, places.filter((place) => !isPlain(place)).map(markNote));
    }
  }
}

function markNote({ mark, range }: Place): vscode.DecorationOptions {
  return noteAt(range, plainKinds.has(mark.kind) ? "" : "⚠ ", mark.text);
}

function commentsOf(review: Review, pieces: readonly Piece[]): vscode.DecorationOptions[] {
  return pieces
    .filter(({ hunk }) => review.saidOf(hunk.id) !== "")
    .map(({ hunk, range }) => noteAt(range, "To the agent: ", review.saidOf(hunk.id)));
}

/** Behind the first of these lines; the whole text is in the hover, as text. */
function noteAt(range: vscode.Range, sign: string, text: string): vscode.DecorationOptions {
  const shown = text.length <= noteMax ? text : `${text.slice(0, noteMax - 1)}…`;
  const { line } = range.start;
  return {
    range: new vscode.Range(line, 0, line, Number.MAX_SAFE_INTEGER),
    hoverMessage: new vscode.MarkdownString().appendText(sign + text),
    renderOptions: { after: { contentText: sign + shown } },
  };
}
