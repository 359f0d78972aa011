// The page's route, in the URL's hash: "#/blotter?status=failed". So the engine serves one
// document, and a copied URL opens the same view.
import { Live } from "./data/live";

export interface Route {
  screen: string;
  id: string;
  view: URLSearchParams;
}

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [screen = "", id = ""] = path.split("/");
  return {
    screen: screen || "blotter",
    id: decodeURIComponent(id),
    view: new URLSearchParams(query),
  };
}

export const route = new Live(parseRoute(location.hash));
addEventListener("hashchange", () => route.set(parseRoute(location.hash)));

export function href(screen: string, id = "", view: Record<string, string> = {}): string {
  const query = new URLSearchParams(Object.entries(view).filter(([, value]) => value)).toString();
  return `#/${screen}${id && `/${encodeURIComponent(id)}`}${query && `?${query}`}`;
}

// Changes the view of the screen without an entry in the browser's history.
export function setView(changes: Record<string, string>): void {
  const { screen, id, view } = route.value;
  const next = { ...Object.fromEntries(view), ...changes };
  history.replaceState(null, "", href(screen, id, next));
  route.set(parseRoute(location.hash));
}
