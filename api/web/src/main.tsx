import { render } from "preact";
import { App } from "./app";
import { startEngine } from "./data/engine";
import "./style/page.css";
import { startTheme } from "./ui/theme";

startTheme();
startEngine();
render(<App />, document.getElementById("app") as HTMLElement);
