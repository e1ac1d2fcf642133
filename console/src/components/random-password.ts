/** Letters and digits that are not mistaken for each other when they are read aloud. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A random password of four groups, with 98 bits, that can be read aloud over the telephone. */
export function randomPassword(): string {
  const letters: string[] = [];
  while (letters.length < 20) {
    // Values that would make some letters more likely than others are skipped.
    const [value = 255] = crypto.getRandomValues(new Uint8Array(1));
    if (value < 248) letters.push(LETTERS[value % LETTERS.length]!);
  }
  return [0, 5, 10, 15].map((at) => letters.slice(at, at + 5).join('')).join('-');
}
