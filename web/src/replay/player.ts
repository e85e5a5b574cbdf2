// Plays a recording on a screen: asks for its parts, keeps the time, and goes wherever it is told. Nothing is ever sent
// to the session.
import * as api from "../api";
import type { Screen } from "../terminal/screen";
import { Clock } from "./clock";
import type { Frame } from "./frames";
import { Picture } from "./picture";
import { Tape } from "./tape";

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

/** A place to go to, what then becomes the time, and a text to mark there. */
interface Wanted {
  place: api.Place;
  snap: boolean;
  mark: string | undefined;
}

export class Player {
  private state: PlayerState;
  private readonly picture: Picture;
  private readonly tape: Tape;
  private clock = new Clock({ pauses: [], idle_limit: null });
  /** Where to go when the present question is answered. */
  private wanted: Wanted | undefined;
  private asking: Promise<void> | undefined;
  private asked_ms = 0;
  /** What the browser calls before it paints next. */
  private ticking: number | undefined;
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
    this.picture = new Picture(frame, light);
    this.tape = new Tape(id, () => {
      if (!this.over) this.set({ waiting: true });
      return !this.over;
    });
  }

  get screen(): Screen {
    return this.picture.screen;
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
    if (this.ticking !== undefined) cancelAnimationFrame(this.ticking);
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
  seek(place: api.Place, snap = false, mark?: string): void {
    if ("time" in place) this.set({ now: this.clock.played(place.time) });
    this.wanted = { place, snap, mark };
    void this.load();
  }

  /** Goes to a hit, and marks it. */
  jump(offset: number, text: string): void {
    this.pause();
    this.seek({ at: offset }, true, text);
  }

  /** Shows what came next. */
  async step(): Promise<void> {
    this.pause();
    await this.asking;
    if (this.tape.first === undefined && !this.tape.at_end) await this.load(true);
    const frame = this.tape.take();
    if (frame === undefined) return;
    this.show(frame);
    this.set({ now: this.clock.played(frame.time) });
  }

  stepBack(): void {
    this.pause();
    const { shown } = this.picture;
    if (shown !== undefined && shown.time > 0) this.seek({ time: shown.time - 1 }, true);
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
    this.ticking = undefined;
    const { playing, timeline, speed } = this.state;
    if (!playing || timeline === undefined || this.over) return;
    const passed_us = Math.max(0, at_ms - this.ticked_ms) * 1_000;
    this.ticked_ms = at_ms;
    const late = this.asking !== undefined && this.tape.first === undefined && performance.now() - this.asked_ms > RUN_ON_MS;
    if (!late && !this.picture.is_busy) this.state.now = Math.min(timeline.played, this.state.now + passed_us * speed);
    this.state.waiting = late;
    if (this.wanted === undefined) this.showDue();
    void this.load();
    if (this.state.now >= timeline.played && this.tape.first === undefined && this.tape.at_end) return void this.goOn(() => this.pause());
    this.tell(false);
    this.ticking = requestAnimationFrame(this.tick);
  };

  private run(): void {
    if (this.over || !this.state.playing || this.ticking !== undefined) return;
    this.ticked_ms = performance.now();
    this.ticking = requestAnimationFrame(this.tick);
  }

  /** At the end of what was known: there may be more of a session that runs. */
  private async goOn(otherwise: () => void): Promise<void> {
    const before = this.state.timeline?.played ?? 0;
    await this.measure();
    if ((this.state.timeline?.played ?? 0) > before) this.tape.at_end = false;
    else otherwise();
    this.run();
  }

  private showDue(): void {
    for (let frame = this.tape.first; frame !== undefined && !this.picture.is_busy; frame = this.tape.first) {
      if (this.clock.played(frame.time) > this.state.now) return;
      this.tape.take();
      this.show(frame);
    }
  }

  private show(frame: Frame): void {
    this.picture.show(frame);
    this.state.time = frame.time;
    this.state.offset = frame.offset;
    if (frame.size !== undefined) this.state.size = frame.size;
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
  private async go(wanted: Wanted): Promise<void> {
    const { frames, end } = await this.tape.ask(wanted.place, this.state.playing);
    const [first, ...rest] = frames;
    if (this.over || first === undefined) return void (this.wanted = undefined);
    const is_last = this.wanted === wanted;
    if (is_last) this.wanted = undefined;
    this.tape.put({ frames: is_last ? rest : [], end });
    if (is_last && wanted.mark !== undefined) this.picture.mark(wanted.mark);
    this.show(first);
    if (is_last && wanted.snap) this.state.now = this.clock.played(first.time);
    this.set({ waiting: false, trouble: undefined });
  }

  /** Goes on behind what is loaded. */
  private async loadMore(): Promise<void> {
    const behind = this.tape.last ?? this.picture.shown;
    if (!this.tape.runs_low || behind === undefined) return;
    // Where more comes than can be shown, what is in between is left out: the time is kept.
    const time = Math.round(this.clock.happened(this.state.now));
    const late = this.state.playing && this.tape.first === undefined && time > behind.time;
    const part = await this.tape.ask(late ? { time } : { at: behind.offset }, true);
    if (!this.over && this.wanted === undefined) this.tape.add(part, behind);
  }

  private fail(failure: unknown): void {
    if (this.over) return;
    if (api.isRefusal(failure)) return this.refused(failure);
    this.set({ playing: false, waiting: false, trouble: api.reason(failure) });
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
