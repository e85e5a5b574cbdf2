// The last weeks as bars, a day each.
interface Props {
  title: string;
  /** The figure of each day, by its begin in microseconds since 1970. */
  values: ReadonlyMap<number, number>;
  show: (value: number) => string;
  /** A custom property of the style. */
  colour: string;
}

const DAY_US = 86_400_000_000;
const DAYS = 30;
const WIDTH = 300;
const HEIGHT = 64;
const GAP = 2;

export function Days({ title, values, show, colour }: Props) {
  const today = Math.floor((Date.now() * 1_000) / DAY_US) * DAY_US;
  const days = Array.from({ length: DAYS }, (_, index) => today - (DAYS - 1 - index) * DAY_US);
  const figures = days.map((day) => values.get(day) ?? 0);
  const most = Math.max(...figures);
  const sum = figures.reduce((sum, figure) => sum + figure, 0);
  const step = WIDTH / DAYS;
  return (
    <figure className="chart">
      <figcaption>
        <h3>{title}</h3>
        <span className="soft">30 days</span>
      </figcaption>
      <p className="sum">{show(sum)}</p>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${title}: ${show(sum)} in the last 30 days, at most ${show(most)} on one`}>
        <line x1="0" x2={WIDTH} y1={HEIGHT - 1} y2={HEIGHT - 1} className="base" />
        {figures.map((figure, index) => {
          if (figure === 0) return null;
          // Little is more than nothing.
          const height = Math.max((figure / most) * (HEIGHT - 4), 2);
          return (
            <rect key={days[index]} x={index * step + GAP / 2} y={HEIGHT - 1 - height} width={step - GAP} height={height} style={{ fill: `var(${colour})` }}>
              <title>{`${new Date((days[index] ?? 0) / 1_000).toISOString().slice(0, 10)}: ${show(figure)}`}</title>
            </rect>
          );
        })}
      </svg>
      <p className="scale" aria-hidden="true">
        <span>30 days ago</span>
        <span>at most {show(most)}</span>
      </p>
    </figure>
  );
}
