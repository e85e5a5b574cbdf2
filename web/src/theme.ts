// Dark or light: what the system prefers, unless the user chose on this page.
import { useEffect, useState } from "react";

const KEY = "centerfire.theme";
const PREFERS_LIGHT = matchMedia("(prefers-color-scheme: light)");

type Choice = "dark" | "light" | undefined;

function chosen(): Choice {
  const stored = localStorage.getItem(KEY);
  return stored === "dark" || stored === "light" ? stored : undefined;
}

/** Whether the page is light now, and what changes it. */
export function useTheme(): { light: boolean; toggle: () => void } {
  const [choice, setChoice] = useState<Choice>(chosen);
  const [prefersLight, setPrefersLight] = useState(PREFERS_LIGHT.matches);
  useEffect(() => {
    const changed = () => setPrefersLight(PREFERS_LIGHT.matches);
    PREFERS_LIGHT.addEventListener("change", changed);
    return () => PREFERS_LIGHT.removeEventListener("change", changed);
  }, []);
  const light = choice === undefined ? prefersLight : choice === "light";
  useEffect(() => {
    document.documentElement.dataset["theme"] = light ? "light" : "dark";
  }, [light]);
  const toggle = () => {
    const next = light ? "dark" : "light";
    localStorage.setItem(KEY, next);
    setChoice(next);
  };
  return { light, toggle };
}
