/** Give the bytes that a part of a URL stands for: %XX for one byte each, the rest as UTF-8. A % before anything else is one. */
export function decodePercent(text: string): Buffer {
  return Buffer.concat(
    text
      .split(/(%[0-9A-Fa-f]{2})/)
      .map((part) =>
        /^%[0-9A-Fa-f]{2}$/.test(part) ? Buffer.from(part.slice(1), "hex") : Buffer.from(part),
      ),
  );
}
