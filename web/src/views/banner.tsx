// One line over the terminal for what the user should know now; it moves nothing.
import type { FollowerState } from "../terminal/follower";

interface Props {
  state: FollowerState;
  hurry: () => void;
  forgive: () => void;
}

export function Banner({ state, hurry, forgive }: Props) {
  const { link, control, trouble } = state;
  if (link.is === "connecting" && link.tries === 0) {
    return (
      <p className="banner slow" role="status">
        Connecting …
      </p>
    );
  }
  if (link.is === "waiting" || link.is === "connecting") {
    return (
      <p className="banner" role="status">
        <span>Connection lost; the session goes on. {trouble !== undefined && `${trouble}. `}Connecting again …</span>
        <button type="button" className="quiet" onClick={hurry}>
          Now
        </button>
      </p>
    );
  }
  if (link.is === "broken") return <p className="banner" role="alert">The recording cannot be read ({link.code}).</p>;
  if (trouble !== undefined || control === "taken") {
    return (
      <p className="banner" role="status">
        <span>{trouble ?? "Somebody else controls the session now; you can still type."}</span>
        {trouble !== undefined && (
          <button type="button" className="quiet" onClick={forgive} aria-label="Dismiss">
            ×
          </button>
        )}
      </p>
    );
  }
  return null;
}
