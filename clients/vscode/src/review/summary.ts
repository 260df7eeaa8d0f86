/** How the review in front stands, on the status bar: how many hunks are kept, and what was said. */

import * as vscode from "vscode";
import type { Reviews } from "./reviews";

/** One item on the left while a proposal is under review; a click lists the hunks. */
export class ReviewSummary {
  private readonly item = vscode.window.createStatusBarItem(
    "steward.review",
    vscode.StatusBarAlignment.Left,
  );

  constructor(private readonly reviews: Reviews) {
    this.item.name = "Steward Review";
    reviews.onDidChange(() => this.draw());
  }

  dispose(): void {
    this.item.dispose();
  }

  private draw(): void {
    const [review] = this.reviews.all();
    const isOpen = review !== undefined && review.pieces.length > 0;
    void vscode.commands.executeCommand("setContext", "steward.reviewOpen", isOpen);
    void vscode.commands.executeCommand("setContext", "steward.reviewChoice", isOpen && review.isChoice);
    if (!isOpen) {
      this.item.hide();
      return;
    }
    const { command, text } = review.isChoice
      ? { command: "steward.client.keepSome", text: review.summary() }
      : { command: "steward.client.questions", text: review.summary() };
    this.item.command = command;
    this.item.text = `$(diff-multiple) ${text}`;
    this.item.tooltip = `Steward: ${review.question.title}`;
    this.item.accessibilityInformation = { label: `Steward review: ${text}` };
    this.item.show();
  }
}
