// Dark or light: the system's setting, until the user chooses.
import { Live } from "../data/live";

export type Theme = "dark" | "light";
const key = "oee.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function current(): Theme {
  const chosen = localStorage.getItem(key);
  if (chosen === "dark" || chosen === "light") return chosen;
  return system.matches ? "dark" : "light";
}

function apply(): void {
  document.documentElement.dataset["theme"] = current();
  theme.set(current());
}

export const theme = new Live<Theme>(current());
system.addEventListener("change", apply);

export function startTheme(): void {
  apply();
}
export function switchTheme(): void {
  localStorage.setItem(key, current() === "dark" ? "light" : "dark");
  apply();
}
