/** How much room texts take on a terminal: most characters one column, those of East Asia and pictures two. */

const wide =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1b000}-\u{1b2ff}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const none = /[\p{Mn}\p{Me}\p{Cf}]/u;
const plain = /^[ -~]*$/;

/** Cut a text so that it takes at most so many columns, with `…` in the place of what is left out. */
export function cut(text: string, columns: number): string {
  if (plain.test(text) && text.length <= columns) return text;
  let width = 0;
  let kept = 0;
  let at = 0;
  for (const character of text) {
    width += none.test(character) ? 0 : wide.test(character) ? 2 : 1;
    if (width > columns) return `${text.slice(0, kept)}…`;
    at += character.length;
    // The mark takes a column, too.
    if (width < columns) kept = at;
  }
  return text;
}
