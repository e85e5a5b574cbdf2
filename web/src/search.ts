// Whether something is meant by a few letters.

/** Whether every word of the text stands in it, capitals or not. */
export function matches(whole: string, text: string): boolean {
  const low = whole.toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => low.includes(word));
}
