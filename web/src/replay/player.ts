// Plays a recording on a screen: asks for its parts, keeps the time, and goes wherever it is told. Nothing is ever sent
// to the session.
import * as api from "../api";
import { Screen } from "../terminal/screen";
import { Clock } from "./clock";
import { length, part, type Frame, type Part } from "./frames";

/** Bytes asked for at once, in base64, and how few are left when more are asked for. */
const PART_BYTES = 512 << 10; // 512 KiB
const AHEAD_BYTES = 256 << 10; // 256 KiB
/** Bytes that xterm.js has and did not paint yet, at most: then the time waits. */
const UNPAINTED_MAX_BYTES = 1 << 20; // 1 MiB
/** How long the time runs on while a part is awaited. */
const RUN_ON_MS = 1_000;
/** Between two changes that are told while it plays. */
const TELL_EVERY_MS = 50;

export const SPEEDS = [0.5, 1, 2, 4, 8, 16];

export interface PlayerState {
  timeline: api.Timeline | undefined;
  playing: boolean;
  /** The time of playing. */
  now: number;
  /** What is shown: when it happened, and behind how much output. */
  time: number;
  offset: number;
  size: api.Size | undefined;
  speed: number;
  /** Seconds to which pauses are cut. */
  idle: number | undefined;
  /** A part is awaited, for longer than anybody should wonder. */
  waiting: boolean;
  trouble: string | undefined;
}

export class Player {
  readonly screen: Screen;
  private state: PlayerState;
  private clock = new Clock({ pauses: [], idle_limit: null });
  /** Loaded, and not shown yet. */
  private frames: Frame[] = [];
  private loaded_bytes = 0;
  /** Whether nothing is stored behind what is loaded. */
  private at_end = false;
  private shown: Frame | undefined;
  /** Where to go when the present question is answered. */
  private wanted: { place: api.Place; snap: boolean } | undefined;
  private asking: Promise<void> | undefined;
  private asked_ms = 0;
  /** Bytes that xterm.js got, and how many of them it painted. */
  private given = 0;
  private taken = 0;
  private highlight: string | undefined;
  private picture: number | undefined;
  private ticked_ms = 0;
  private told_ms = 0;
  private over = false;

  constructor(
    private readonly id: string,
    frame: HTMLElement,
    light: boolean,
    idle: number | undefined,
    private readonly changed: (state: PlayerState) => void,
    private readonly refused: (failure: unknown) => void,
  ) {
    this.state = { timeline: undefined, playing: false, now: 0, time: 0, offset: 0, size: undefined, speed: 1, idle, waiting: false, trouble: undefined };
    const nothing = () => {};
    this.screen = new Screen(frame, { typed: nothing, copied: nothing, shortcut: nothing, brokeLine: nothing, painted: (bytes) => this.painted(bytes) }, light);
    Object.assign(this.screen.terminal.options, { scrollback: 0, disableStdin: true, cursorInactiveStyle: "block" });
  }

  /** Begins, paused, at an offset, or playing from the start. */
  async open(offset: number | undefined): Promise<void> {
    if (!(await this.measure())) return;
    if (offset === undefined) {
      this.seek({ time: 0 });
      this.play();
    } else this.seek({ at: offset }, true);
  }

  close(): void {
    this.over = true;
    if (this.picture !== undefined) cancelAnimationFrame(this.picture);
    this.screen.dispose();
  }

  play(): void {
    const { timeline, now, playing } = this.state;
    if (playing || timeline === undefined) return;
    this.screen.terminal.clearSelection();
    this.set({ playing: true });
    // Who plays at the end begins again, unless there is more by now.
    if (now >= timeline.played) void this.goOn(() => this.seek({ time: 0 }));
    else this.run();
  }

  pause(): void {
    if (this.state.playing) this.set({ playing: false, waiting: false });
  }

  toggle(): void {
    if (this.state.playing) this.pause();
    else this.play();
  }

  /** Goes to a time of playing. */
  seekPlayed(played: number): void {
    const to = Math.min(Math.max(0, played), this.state.timeline?.played ?? 0);
    this.set({ now: to });
    this.seek({ time: Math.round(this.clock.happened(to)) });
  }

  /** Goes to a place; with `snap` the time becomes that of what is shown there. */
  seek(place: api.Place, snap = false): void {
    if ("time" in place) this.set({ now: this.clock.played(place.time) });
    this.wanted = { place, snap };
    void this.load();
  }

  /** Goes to a hit, and marks it. */
  jump(offset: number, text: string): void {
    this.pause();
    this.highlight = text;
    this.seek({ at: offset }, true);
  }

  /** Shows what came next. */
  async step(): Promise<void> {
    this.pause();
    await this.asking;
    if (this.frames.length === 0 && !this.at_end) await this.load(true);
    const frame = this.frames[0];
    if (frame === undefined) return;
    this.show(frame);
    this.set({ now: this.clock.played(frame.time) });
  }

  stepBack(): void {
    this.pause();
    if (this.shown !== undefined && this.shown.time > 0) this.seek({ time: this.shown.time - 1 }, true);
  }

  /** Goes to the next of some times, or the one before. */
  skip(times: number[], back: boolean): void {
    const { now } = this.state;
    const played = times.map((time) => this.clock.played(time));
    const to = back ? played.filter((time) => time < now - 500_000).at(-1) : played.find((time) => time > now + 1_000);
    if (to !== undefined) this.seekPlayed(to);
  }

  speed(speed: number): void {
    this.set({ speed });
  }

  /** Cuts pauses to so many seconds; what is shown stays. */
  async cut(idle: number | undefined): Promise<void> {
    const time = this.clock.happened(this.state.now);
    this.set({ idle });
    if (await this.measure()) this.set({ now: this.clock.played(time) });
  }

  /** What keys have to know. */
  view(): { now: number; whole: number; speed: number; moments: number[] } {
    const { now, timeline, speed } = this.state;
    return { now, whole: timeline?.played ?? 0, speed, moments: timeline?.moments.map(({ time }) => time) ?? [] };
  }

  played(time: number): number {
    return this.clock.played(time);
  }

  /** The pauses that are cut. */
  get cuts(): Clock["cuts"] {
    return this.clock.cuts;
  }

  /** Asks how long the recording is; false if that is not known. */
  private async measure(): Promise<boolean> {
    const { idle } = this.state;
    try {
      const timeline = await api.timeline(this.id, idle);
      if (this.over || idle !== this.state.idle) return false;
      this.clock = new Clock(timeline);
      this.set({ timeline, trouble: timeline.complete ? undefined : "The recording is very long: the timeline shows its beginning" });
      return true;
    } catch (failure) {
      this.fail(failure);
      return false;
    }
  }

  private readonly tick = (at_ms: number): void => {
    this.picture = undefined;
    const { playing, timeline, speed } = this.state;
    if (!playing || timeline === undefined || this.over) return;
    const passed_us = Math.max(0, at_ms - this.ticked_ms) * 1_000;
    this.ticked_ms = at_ms;
    const late = this.asking !== undefined && this.frames.length === 0 && performance.now() - this.asked_ms > RUN_ON_MS;
    if (!late && this.unpainted < UNPAINTED_MAX_BYTES) this.state.now = Math.min(timeline.played, this.state.now + passed_us * speed);
    this.state.waiting = late;
    if (this.wanted === undefined) this.showDue();
    void this.load();
    if (this.state.now >= timeline.played && this.frames.length === 0 && this.at_end) return void this.goOn(() => this.pause());
    this.tell(false);
    this.picture = requestAnimationFrame(this.tick);
  };

  private run(): void {
    if (this.over || !this.state.playing || this.picture !== undefined) return;
    this.ticked_ms = performance.now();
    this.picture = requestAnimationFrame(this.tick);
  }

  /** At the end of what was known: there may be more of a session that runs. */
  private async goOn(otherwise: () => void): Promise<void> {
    const before = this.state.timeline?.played ?? 0;
    await this.measure();
    if ((this.state.timeline?.played ?? 0) > before) this.at_end = false;
    else otherwise();
    this.run();
  }

  private showDue(): void {
    for (let frame = this.frames[0]; frame !== undefined && this.unpainted < UNPAINTED_MAX_BYTES; frame = this.frames[0]) {
      if (this.clock.played(frame.time) > this.state.now) return;
      this.show(frame);
    }
  }

  /** Shows a frame, the first of those that are loaded or another one. */
  private show(frame: Frame): void {
    if (frame === this.frames[0]) {
      this.frames.shift();
      this.loaded_bytes -= frame.bytes.length;
    }
    this.given += frame.bytes.length;
    if (frame.size === undefined) this.screen.output(this.given, frame.bytes);
    else this.screen.snapshot(this.given, frame.size, frame.bytes);
    this.shown = frame;
    this.state.time = frame.time;
    this.state.offset = frame.offset;
    if (frame.size !== undefined) this.state.size = frame.size;
  }

  private get unpainted(): number {
    return this.given - this.taken;
  }

  private painted(bytes: number): void {
    this.taken = bytes;
    if (this.unpainted > 0 || this.highlight === undefined || this.wanted !== undefined) return;
    const text = this.highlight;
    this.highlight = undefined;
    this.screen.search.findPrevious(text, { caseSensitive: text !== text.toLowerCase() });
  }

  /** Asks for what is wanted, and with `more` for what comes next if little is left. One question at a time. */
  private load(more = this.state.playing): Promise<void> {
    this.asking ??= this.loadAll(more).finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async loadAll(more: boolean): Promise<void> {
    this.asked_ms = performance.now();
    try {
      do {
        for (let wanted = this.wanted; wanted !== undefined; wanted = this.wanted) await this.go(wanted);
        if (more) await this.loadMore();
      } while (this.wanted !== undefined && !this.over);
    } catch (failure) {
      this.wanted = undefined;
      this.fail(failure);
    }
  }

  /** Shows a place, also where another one is wanted by then: whoever drags along the timeline sees where he is. */
  private async go(wanted: { place: api.Place; snap: boolean }): Promise<void> {
    const { frames, end } = await this.ask(wanted.place, this.state.playing ? PART_BYTES : 0);
    const [first, ...rest] = frames;
    if (this.over || first === undefined) return void (this.wanted = undefined);
    const is_last = this.wanted === wanted;
    if (is_last) this.wanted = undefined;
    this.frames = is_last ? rest : [];
    this.loaded_bytes = length(this.frames);
    this.at_end = end;
    this.show(first);
    if (is_last && wanted.snap) this.state.now = this.clock.played(first.time);
    this.set({ waiting: false, trouble: undefined });
  }

  /** Goes on behind what is loaded. */
  private async loadMore(): Promise<void> {
    const behind = this.frames.at(-1) ?? this.shown;
    if (this.at_end || behind === undefined || this.loaded_bytes >= AHEAD_BYTES) return;
    // Where more comes than can be shown, what is in between is left out: the time is kept.
    const time = Math.round(this.clock.happened(this.state.now));
    const late = this.state.playing && this.frames.length === 0 && time > behind.time;
    const { frames, end } = await this.ask(late ? { time } : { at: behind.offset }, PART_BYTES);
    if (this.over || this.wanted !== undefined) return;
    const first = frames[0];
    // The screen where the last part ended is the one that is there then, unless its size changed.
    if (first !== undefined && first.time === behind.time && first.offset === behind.offset) frames.shift();
    this.frames.push(...frames);
    this.loaded_bytes += length(frames);
    this.at_end = end;
  }

  private ask(place: api.Place, limit: number): Promise<Part> {
    return part(this.id, place, limit, () => {
      if (!this.over) this.set({ waiting: true });
      return !this.over;
    });
  }

  private fail(failure: unknown): void {
    if (this.over) return;
    if (failure instanceof api.ApiError && [401, 403, 404].includes(failure.status)) return this.refused(failure);
    this.set({ playing: false, waiting: false, trouble: failure instanceof Error ? failure.message : String(failure) });
  }

  private set(change: Partial<PlayerState>): void {
    this.state = { ...this.state, ...change };
    this.tell(true);
  }

  private tell(now: boolean): void {
    const at_ms = performance.now();
    if (this.over || (!now && at_ms - this.told_ms < TELL_EVERY_MS)) return;
    this.told_ms = at_ms;
    this.changed({ ...this.state });
  }
}
