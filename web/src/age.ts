// How long ago something was, in one short word.

const UNITS: [string, number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
];

/** The time since `then_us`, microseconds since 1970. */
export function age(then_us: number, now_ms: number): string {
  const seconds = Math.max(0, Math.floor(now_ms / 1_000 - then_us / 1_000_000));
  for (const [unit, length] of UNITS) if (seconds >= length) return `${Math.floor(seconds / length)}${unit}`;
  return `${seconds}s`;
}
