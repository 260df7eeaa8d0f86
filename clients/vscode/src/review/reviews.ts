/** The proposals that are under review in this window. */

import * as vscode from "vscode";
import { firstOf, type Side } from "../diff";
import type { AskParams } from "../protocol";
import { type Piece, type Place, piecesOf, placesOf, type Spot } from "./pieces";
import { type Decisions, type Execute, Review } from "./review";

/** Decisions about so many proposals are remembered. */
const rememberedMax = 20;

/** What a document shows of a review. */
export interface Here {
  review: Review;
  pieces: Piece[];
  places: Place[];
}

/** Keeps reviews while their questions are open, and what was decided for what takes their place. */
export class Reviews {
  private readonly open = new Map<string, Review>();
  private readonly remembered = new Map<string, Decisions>();
  private readonly runs = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;

  constructor(
    /** Of the documents that show proposals. */
    readonly scheme: string,
    private readonly execute: Execute,
  ) {}

  all(): Review[] {
    return [...this.open.values()];
  }

  /** The run that proposed what was reviewed here, also after it was answered. */
  runOf(proposal: string): string | undefined {
    return this.runs.get(firstOf(proposal));
  }

  /** What of the reviews a document shows. */
  in(document: vscode.Uri): Here[] {
    const uri = document.toString();
    const isHere = (spot: Spot): boolean => spot.uri.toString() === uri;
    return this.all()
      .map((review) => ({
        review,
        pieces: review.pieces.filter(isHere),
        places: review.places.filter(isHere),
      }))
      .filter(({ pieces, places }) => pieces.length + places.length > 0);
  }

  /** Begin to review a proposal; there is nothing to go through where the server tells no hunks. */
  async begin(proposal: string, sides: readonly Side[]): Promise<Review | undefined> {
    const asked = await this.find(proposal);
    const pieces = asked ? piecesOf(asked, sides) : [];
    if (!asked || pieces.length < (asked.hunks?.length ?? 0)) {
      return undefined;
    }
    const known = this.open.get(proposal);
    if (known?.question.digest === asked.digest) {
      return known; // It is asked again; what was decided of it is decided.
    }
    const before = this.remembered.get(firstOf(proposal));
    const review = new Review(asked, pieces, placesOf(asked, sides), before, this.execute);
    this.open.set(proposal, review);
    keepNewest(this.runs, firstOf(proposal), asked.runId);
    review.onDidChange(() => {
      this.remember(proposal, review);
      this.changed.fire();
    });
    this.changed.fire();
    return review;
  }

  /** The question about it is over, here; it may have been asked again. */
  end(proposal: string, review: Review | undefined): void {
    if (review && this.open.get(proposal) === review) {
      this.open.delete(proposal);
      this.changed.fire();
    }
  }

  /** The server's own question about a proposal. */
  private async find(proposal: string): Promise<AskParams | undefined> {
    try {
      const open = await this.execute<AskParams[]>("steward.questions");
      return open.find((one) => one.proposal === proposal && one.kind === "edit");
    } catch {
      // Then it is all or nothing, as with a server that knows no choice.
      return undefined;
    }
  }

  private remember(proposal: string, { decisions }: Review): void {
    keepNewest(this.remembered, firstOf(proposal), decisions);
  }
}

function keepNewest<T>(kept: Map<string, T>, key: string, value: T): void {
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > rememberedMax && oldest !== undefined) {
    kept.delete(oldest);
  }
}
