/** Work that is spread over frames, so that no frame takes long and the page can always be used. */

/** What can be done in slices; false when nothing is left to do. */
export type Slices = (isEnough: (chars: number) => boolean) => boolean;

/** How long a frame's own work may take; laying out what it made comes on top. */
const SLICE_MS = 6;
/** How many characters a frame puts on the screen: laying them out takes time, more here than there. */
const CHARS = { least: 200, first: 2000, most: 8000 };
/** How long work and layout together should take. */
const FRAME_MS = 16;

/** Does what is asked for in the frames to come, the latest asked first. */
export class Frames {
  private readonly waiting = new Set<Slices>();
  private isAsked = false;
  private chars = CHARS.first;

  /** `after` is called when a frame's part is done. */
  constructor(private readonly after: () => void) {}

  /** Have this done, or gone on with. */
  ask(work: Slices): void {
    this.waiting.add(work);
    if (!this.isAsked) {
      this.isAsked = true;
      requestAnimationFrame(() => this.run());
    }
  }

  private run(): void {
    const from = performance.now();
    let left = this.chars;
    for (const work of [...this.waiting].reverse()) {
      let done = 0;
      const isMore = work((chars) => {
        done = chars;
        return chars >= left || performance.now() - from > SLICE_MS;
      });
      left -= done;
      if (isMore) {
        break;
      }
      this.waiting.delete(work);
    }
    // This lays out what was made, so it is known what that took.
    this.after();
    const isLong = performance.now() - from > FRAME_MS;
    this.chars = isLong ? Math.max(CHARS.least, this.chars / 2) : Math.min(CHARS.most, this.chars * 1.5);
    this.isAsked = this.waiting.size > 0;
    if (this.isAsked) {
      requestAnimationFrame(() => this.run());
    }
  }
}
