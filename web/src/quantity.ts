// Numbers as people read them.

/** Bytes: `1.5 MB`. */
export function bytes(count: number): string {
  let value = count;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (value < 1_000 || unit === "GB") return `${short(value)} ${unit}`;
    value /= 1_000;
  }
  return "";
}

/** At most three digits: `0.25`, `3.1`, `120`. */
export function short(value: number): string {
  if (value === 0) return "0";
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(value >= 10 ? 1 : 2).replace(/\.?0+$/, "");
}

/** A stretch of time: `2 h 5 min`. */
export function lasting(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [Math.floor(seconds) % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return parts.slice(first, first + 2).filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** Tokens: `12.3k`. */
export const tokens = (count: number): string => (count >= 1_000_000 ? `${short(count / 1_000_000)}M` : count >= 1_000 ? `${short(count / 1_000)}k` : String(count));

/** Millionths of a dollar, where a hundredth of a cent counts: `$0.0043`. */
export const precisely = (cost: number): string => `$${(cost / 1_000_000).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 4 })}`;
