// The player's keys, those of other players: space, arrows, Home and End, `.` and `,`, `<` and `>`, `[` and `]`, `/`.
import { SPEEDS, type Player } from "./player";

/** How far an arrow goes, and how far with Shift. */
const LEAP_US = 5_000_000;
const SMALL_LEAP_US = 1_000_000;
/** The part of a recording that a page is. */
const PAGE = 0.1;

interface Views {
  search: () => void;
  leave: () => void;
}

/** Does what a key asks for, unless it is meant for something else. */
export function playerKey(event: KeyboardEvent, player: Player, views: Views): void {
  const target = event.target instanceof Element ? event.target : document.body;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.closest("input, select, .list, .chat") !== null || (target.matches("textarea") && target.closest(".frame") === null)) return;
  // A button that has the focus is pressed by these.
  if ((event.key === " " || event.key === "Enter") && target.closest("button") !== null) return;
  const act = action(event, player, views);
  if (act === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}

function action({ key, shiftKey }: KeyboardEvent, player: Player, views: Views): (() => void) | undefined {
  const { now, whole, speed, moments } = player.view();
  const by = (played: number) => () => player.seekPlayed(now + played);
  const leap = shiftKey ? SMALL_LEAP_US : LEAP_US;
  switch (key) {
    case " ":
    case "k":
      return () => player.toggle();
    case ".":
      return () => void player.step();
    case ",":
      return () => player.stepBack();
    case "ArrowLeft":
    case "ArrowDown":
      return by(-leap);
    case "ArrowRight":
    case "ArrowUp":
      return by(leap);
    case "PageUp":
      return by(whole * PAGE);
    case "PageDown":
      return by(-whole * PAGE);
    case "Home":
      return () => player.seekPlayed(0);
    case "End":
      return () => player.seekPlayed(whole);
    case "<":
      return () => player.speed(SPEEDS.filter((other) => other < speed).at(-1) ?? speed);
    case ">":
      return () => player.speed(SPEEDS.find((other) => other > speed) ?? speed);
    case "[":
      return () => player.skip(moments, true);
    case "]":
      return () => player.skip(moments, false);
    case "/":
      return views.search;
    case "r":
      return views.leave;
    default:
      return undefined;
  }
}
