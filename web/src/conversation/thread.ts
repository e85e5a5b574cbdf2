// The part of a conversation that the page holds: a stretch of entries without a gap, which grows at both ends as somebody
// scrolls, and follows what comes.
import * as api from "../api";
import { onChanged } from "./feed";
import { part, type Conversation, type Entry, type From, type Part, type TurnUsage } from "./api";

/** Entries that are asked for at once. */
const STEP = 300;
/** What came since; more than that is read anew. */
const NEW_MAX = 1_000;
/** Entries that are held: beyond, those are let go that are farthest away. */
const HELD_MAX = 4_000;
/** Of the last entries, those whose place in the recording is not known yet are asked for again. */
const PLACES_AGAIN = 20;

export interface ThreadState {
  /** Undefined before the first answer. */
  conversation: Conversation | undefined;
  entries: Entry[];
  /** How many entries there are, before those that are held and in all. */
  first: number;
  total: number;
  turns: number;
  /** What each turn took, as far as it was told. */
  usage: ReadonlyMap<number, TurnUsage>;
  loading: boolean;
  trouble: string | undefined;
}

const EMPTY: ThreadState = { conversation: undefined, entries: [], first: 0, total: 0, turns: 0, usage: new Map(), loading: true, trouble: undefined };

export class Thread {
  private state = EMPTY;
  private cursor = 0;
  private over = false;
  /** One question at a time; what is asked for meanwhile waits. */
  private asking: Promise<unknown> = Promise.resolve();
  private waits = false;
  private readonly unhear: () => void;

  constructor(
    private readonly cli: string,
    private readonly name: string,
    me: api.Me,
    private readonly told: (state: ThreadState) => void,
    private readonly failed: (failure: unknown) => void,
  ) {
    this.unhear = onChanged(me, (changed) => {
      if (changed === undefined || changed.some(({ cli, conversation }) => cli === this.cli && conversation === this.name)) this.follow();
    });
  }

  close(): void {
    this.over = true;
    this.unhear();
  }

  /** Whether the last entry is held. */
  get isAtEnd(): boolean {
    return this.state.first + this.state.entries.length >= this.state.total;
  }

  /** Forgets what is held, and begins anew: at the end, or where it is told. */
  open(from: From = {}): Promise<void> {
    return this.ask(from, STEP, (answer) => this.restart(answer));
  }

  earlier(): Promise<void> {
    const { first } = this.state;
    if (first === 0 || this.state.loading) return Promise.resolve();
    const from = Math.max(0, first - STEP);
    return this.ask({ from }, first - from, (answer) => {
      const entries = merged(answer.entries, this.state.entries);
      this.set({ ...facts(answer, this.state), first: from, entries: entries.slice(0, HELD_MAX) });
    });
  }

  later(): Promise<void> {
    if (this.isAtEnd || this.state.loading) return Promise.resolve();
    const from = this.state.first + this.state.entries.length;
    return this.ask({ from }, STEP, (answer) => {
      const entries = merged(this.state.entries, answer.entries);
      const gone = Math.max(0, entries.length - HELD_MAX);
      this.set({ ...facts(answer, this.state), first: this.state.first + gone, entries: entries.slice(gone) });
    });
  }

  /** Asks what came. However often it is told to meanwhile, it asks once more. */
  private follow(): void {
    if (this.waits) return;
    this.waits = true;
    void this.asking.then(() => {
      this.waits = false;
      if (this.over) return;
      if (this.state.conversation === undefined) return void this.open();
      const placeless = this.state.entries.slice(-PLACES_AGAIN).filter(({ place }) => place === undefined);
      const known = Math.min(this.cursor, ...(this.state.conversation.sessions.length === 0 ? [] : placeless.map(({ cursor }) => cursor - 1)));
      void this.ask({ since: known }, NEW_MAX, (answer) => {
        if (answer.entries.length === NEW_MAX) return void this.open();
        this.cursor = Math.max(this.cursor, answer.cursor);
        this.set({ ...facts(answer, this.state), ...grown(this.state, answer) });
      });
    });
  }

  private restart(answer: Part): void {
    this.cursor = answer.cursor;
    this.set({ ...facts(answer, this.state), first: answer.entries[0]?.index ?? 0, entries: answer.entries });
  }

  private ask(from: From, limit: number, take: (answer: Part) => void): Promise<void> {
    this.set({ loading: true });
    const asked = this.asking.then(async () => {
      if (this.over) return;
      try {
        const answer = await part(this.cli, this.name, from, limit);
        if (this.over) return;
        take(answer);
        this.set({ loading: false, trouble: undefined });
      } catch (failure) {
        if (this.over) return;
        this.set({ loading: false, trouble: api.reason(failure) });
        this.failed(failure);
      }
    });
    this.asking = asked;
    return asked;
  }

  private set(change: Partial<ThreadState>): void {
    this.state = { ...this.state, ...change };
    this.told(this.state);
  }
}

function facts({ entries: _, cursor: __, turns, turn_usage, ...conversation }: Part, { usage }: ThreadState): Partial<ThreadState> {
  return { conversation, turns, total: conversation.entry_count, usage: new Map([...usage, ...turn_usage.map((of) => [of.turn, of] as const)]) };
}

/** Two stretches, one behind the other; what is in both is taken once. */
function merged(before: Entry[], after: Entry[]): Entry[] {
  const known = new Set(before.map(({ id }) => id));
  return [...before, ...after.filter(({ id }) => !known.has(id))];
}

/** What is held once more came: mostly behind the rest, but a sub-agent's file may come in between. */
function grown({ entries, first }: ThreadState, { entries: came, entry_count: total }: Part): Pick<ThreadState, "entries" | "first"> {
  const again = new Map(came.map((entry) => [entry.id, entry]));
  const held = entries.map((entry) => again.get(entry.id) ?? entry);
  const known = new Set(entries.map(({ id }) => id));
  const was_at_end = first + entries.length >= total - came.filter(({ id }) => !known.has(id)).length;
  // Each stands at its index among all: those before it are there already.
  for (const entry of came) {
    if (known.has(entry.id)) continue;
    if (entry.index < first) first += 1;
    else if (entry.index < first + held.length || was_at_end) held.splice(entry.index - first, 0, entry);
  }
  const gone = was_at_end ? Math.max(0, held.length - HELD_MAX) : 0;
  return { entries: held.slice(gone), first: first + gone };
}
