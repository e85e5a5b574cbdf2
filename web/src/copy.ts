// Copies a text. Without TLS, on another machine, a browser has no clipboard for a page: nothing is copied.

/** Whether it was copied. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
