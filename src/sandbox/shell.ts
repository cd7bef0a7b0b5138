/** Words for POSIX sh. */

/** Quote a word so that the shell takes it as it is. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Write words as one command of the shell. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}
