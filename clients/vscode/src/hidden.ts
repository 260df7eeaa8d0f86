/** Characters that nobody would see: found, spelled out, left out. The server judges them alike. */

/** A stretch of a text: what can be seen, or one character that cannot, as often as it stands there. */
export interface Stretch {
  text: string;
  isHidden: boolean;
}

// No \p{…} in brackets: some versions of Chromium miss what is beyond the basic plane there.
// Control, format, private and unassigned characters, spaces that are none, and what Unicode calls
// ignorable without being any of these. Tabs, line feeds and the space are what they look like.
const HIDDEN =
  /((?![\t\n ])(?:\p{C}|\p{Z}|[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u180b-\u180f\ufe00-\ufe0f]))\1*/gu;
/** Zero-width joiners, and what chooses between a sign and its picture. */
const JOINING = /[\u200c\u200d\ufe0e\ufe0f]/;
/** What they may follow: a part of a picture, or a letter of a script that joins its letters. */
const JOINED = /(?:\ufe0f|\p{So}|\p{Sk}|\p{Script=Arabic}|\p{Script=Syriac}|\p{Script=Thaana})$/u;
/** Spaces that are typed on purpose in some languages; in code they are a trap. */
const USUAL = /[\u00a0\u202f\u3000]/;

/** The text in stretches, in order. `isCode`: where even an unusual space does harm. */
export function stretches(text: string, isCode: boolean): Stretch[] {
  const found: Stretch[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    const [run, character = ""] = match;
    const before = text.slice(Math.max(0, match.index - 2), match.index);
    if (belongs(character, before, isCode)) {
      continue;
    }
    if (match.index > from) {
      found.push({ text: text.slice(from, match.index), isHidden: false });
    }
    found.push({ text: run, isHidden: true });
    from = match.index + run.length;
  }
  if (from < text.length) {
    found.push({ text: text.slice(from), isHidden: false });
  }
  return found;
}

/** How hidden characters are written so that they can be seen: one, or the same one many times. */
export function spelled(hidden: string): string {
  const point = hidden.codePointAt(0) ?? 0;
  const count = [...hidden].length;
  const name = `⟨U+${point.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  return count === 1 ? name : `${name}×${count}`;
}

/** The text with hidden characters spelled out, for where only text can be shown. */
export function revealed(text: string): string {
  return stretches(text, false)
    .map((one) => (one.isHidden ? spelled(one.text) : one.text))
    .join("");
}

/** Code without its hidden characters, and how many there were. */
export function withoutHidden(code: string): { text: string; count: number } {
  const all = stretches(code, true);
  const seen = all.filter((one) => !one.isHidden);
  const kept = seen.map((one) => one.text).join("");
  return { text: kept, count: [...code].length - [...kept].length };
}

function belongs(character: string, before: string, isCode: boolean): boolean {
  if (JOINING.test(character)) {
    return JOINED.test(before);
  }
  return !isCode && USUAL.test(character);
}
