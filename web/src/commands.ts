// What the view that is shown lets the palette do.

export interface Command {
  label: string;
  /** What stands beside it, in a soft colour. */
  hint?: string;
  run: () => void;
}

let offered: Command[] = [];

/** Offers commands; gives what takes them back. */
export function offer(commands: Command[]): () => void {
  offered = commands;
  return () => {
    if (offered === commands) offered = [];
  };
}

/** What is offered now. */
export const commands = (): Command[] => offered;
