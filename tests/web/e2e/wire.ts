// A TCP relay between the page and its engine, on its own port. A test can cut it.
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Engine } from "./engine";

export class Wire {
  private server: Server | undefined;
  private ends = new Set<Socket>();
  private port = 0;

  constructor(private engine: Engine) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  // Begins to relay; after a cut, on the same port again.
  async join(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.engine.port, "127.0.0.1");
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.ends.add(one);
        one.pipe(other);
        one.on("error", () => other.destroy());
        one.once("close", () => {
          this.ends.delete(one);
          other.destroy();
        });
      }
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    const address = server.address();
    if (address && typeof address === "object") this.port = address.port;
  }

  // Every connection ends at once; new ones are refused.
  async cut(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const end of this.ends) end.destroy();
    await closed;
  }
}
