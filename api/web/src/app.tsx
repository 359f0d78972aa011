// The frame around the screens: navigation, connection, theme.
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { health, stream } from "./data/engine";
import { useLive } from "./data/live";
import { href, type Route, route } from "./route";
import { BlotterScreen } from "./screens/blotter";
import { DeadLettersScreen } from "./screens/dead_letters";
import { LogScreen } from "./screens/log";
import { OpenOrdersScreen } from "./screens/open_orders";
import { OrderScreen } from "./screens/order";
import { OverviewScreen } from "./screens/overview";
import { RiskScreen } from "./screens/risk";
import { SubmitScreen } from "./screens/submit";
import { SystemScreen } from "./screens/system";
import { HaltBar, HaltButton } from "./ui/halts";
import { Empty } from "./ui/pieces";
import { switchTheme, theme } from "./ui/theme";
import { TokenQuestion } from "./ui/token_question";

interface Screen {
  name: string;
  title: string;
  component: ComponentType<{ route: Route }>;
  hidden?: boolean; // not in the navigation
}

const screens: Screen[] = [
  { name: "blotter", title: "Blotter", component: BlotterScreen },
  { name: "open", title: "Open orders", component: OpenOrdersScreen },
  { name: "overview", title: "Overview", component: OverviewScreen },
  { name: "submit", title: "Submit", component: SubmitScreen },
  { name: "risk", title: "Risk", component: RiskScreen },
  { name: "dead-letters", title: "Dead letters", component: DeadLettersScreen },
  { name: "log", title: "Log", component: LogScreen },
  { name: "system", title: "System", component: SystemScreen },
  { name: "order", title: "Order", component: OrderScreen, hidden: true },
];

export function App() {
  const here = useLive(route);
  const screen = screens.find((each) => each.name === here.screen);
  const title = screen?.title ?? "Not found";
  useEffect(() => {
    document.title = `${title} · Order Execution Engine`;
  }, [title]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to content
      </button>
      <header class="top">
        <a class="brand" href={href("overview")}>
          <img src="/favicon.svg" alt="" width="22" height="22" />
          <span>Order Execution Engine</span>
        </a>
        <nav aria-label="Screens">
          {screens
            .filter((each) => !each.hidden)
            .map((each) => (
              <a
                key={each.name}
                href={href(each.name)}
                aria-current={each === screen ? "page" : undefined}
              >
                {each.title}
              </a>
            ))}
        </nav>
        <HaltButton />
        <Badge />
        <ThemeSwitch />
      </header>
      <HaltBar />
      <TokenQuestion />
      <main id="main" tabIndex={-1} class={`screen ${here.screen}`}>
        <h1 class="off-screen">{title}</h1>
        {screen ? (
          <screen.component route={here} key={screen.name} />
        ) : (
          <Empty title="There is no such screen">
            <a href={href("blotter")}>Go to the blotter</a>
          </Empty>
        )}
      </main>
    </>
  );
}

function Badge() {
  const connection = useLive(stream.connection);
  const { value } = useLive(health);
  const degraded = value?.status === "degraded";
  const state = connection.state === "live" && degraded ? "degraded" : connection.state;
  const why =
    connection.state === "lost" ? connection.why : degraded ? (value.reasons ?? []).join("; ") : "";
  return (
    <a
      class={`link-state ${state.replace(" ", "-")}`}
      href={href("system")}
      title={why || undefined}
    >
      <i aria-hidden="true" />
      <span role="status">{state === "lost" ? "disconnected" : state}</span>
    </a>
  );
}

function ThemeSwitch() {
  const mode = useLive(theme);
  const other = mode === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      class="icon"
      onClick={switchTheme}
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme`}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="5.5" />
        <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" class="fill" />
      </svg>
    </button>
  );
}
