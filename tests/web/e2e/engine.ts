// A real engine for a test, on a free port with its own directory. It can be killed, started again
// and put under load.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const bin =
  process.env.OEE_BIN_DIR ?? fileURLToPath(new URL("../../../build/bin", import.meta.url));
// The engine also reads settings from the environment: tests pass settings as flags only.
const settings = /^(OEE_|REDIS_|DATABASE_URL$|HOST$|PORT$)/;
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !settings.test(name)),
);
const startMsMax = 60_000;

// A new token, and its line for an access file: "viewer:read".
export function newToken(nameAndRoles: string): { token: string; line: string } {
  const args = ["--new-token", nameAndRoles];
  const made = spawnSync(join(bin, "order-engine"), args, { env, encoding: "utf8" });
  const token = /\boee_\w+/.exec(made.stderr)?.[0];
  if (!token) throw new Error(`no token: ${made.stderr}`);
  return { token, line: made.stdout };
}

export class Engine {
  private dir = mkdtempSync(join(tmpdir(), "oee-web-"));
  private process: ChildProcess | undefined;
  private loads: ChildProcess[] = [];
  port = 0;
  token = ""; // sent with the calls below

  constructor(private flags: string[] = []) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  private get bearer(): Record<string, string> {
    return this.token ? { Authorization: `Bearer ${this.token}` } : {};
  }
  // Makes the engine read its access file again.
  hangUp(): void {
    this.process?.kill("SIGHUP");
  }

  async start(): Promise<void> {
    const args = ["--data-dir", this.dir, "--listen", `127.0.0.1:${this.port}`, ...this.flags];
    const child = spawn(join(bin, "order-engine"), args, {
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.process = child;
    let output = "";
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`the engine did not start: ${output}`)),
        startMsMax,
      );
      child.stderr?.on("data", (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-10_000);
        const port = /listening .*\bport=(\d+)/.exec(output)?.[1];
        if (!port) return;
        clearTimeout(late);
        this.port = Number(port);
        resolve();
      });
      child.once("exit", (code) => {
        clearTimeout(late);
        reject(new Error(`the engine ended with ${code}: ${output}`));
      });
    });
    await this.ready();
  }

  // It listens before it takes orders: the start may have events to append first.
  private async ready(): Promise<void> {
    const until = Date.now() + startMsMax;
    for (;;) {
      const response = await fetch(`${this.url}/readyz`);
      const answer = await response.text();
      if (response.ok) return;
      if (Date.now() > until) throw new Error(`the engine is not ready: ${answer}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async kill(): Promise<void> {
    await end(this.process, "SIGKILL");
    this.process = undefined;
  }

  async stop(): Promise<void> {
    await Promise.all(this.loads.map((load) => end(load, "SIGTERM")));
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  // Returns when the load has ended.
  async load(...flags: string[]): Promise<void> {
    const child = this.startLoad(...flags);
    await new Promise((resolve) => child.once("exit", resolve));
  }
  startLoad(...flags: string[]): ChildProcess {
    const args = ["--url", this.url, "--quiet", ...flags];
    const child = spawn(join(bin, "order-load"), args, { env, stdio: "ignore" });
    this.loads.push(child);
    return child;
  }

  async post<T>(path: string, body: object): Promise<T> {
    const response = await fetch(this.url + path, {
      method: "POST",
      headers: { ...this.bearer, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as T;
  }
  async place(order: object): Promise<string> {
    const body = { inputToken: "SOL", outputToken: "USDC", amount: "1.5", ...order };
    return (await this.post<{ orderId: string }>("/v1/orders", body)).orderId;
  }

  async amend(id: string, changes: object): Promise<void> {
    const { version } = await this.get<{ version: number }>(`/v1/orders/${id}`);
    const response = await fetch(`${this.url}/v1/orders/${id}`, {
      method: "PATCH",
      headers: {
        ...this.bearer,
        "Content-Type": "application/json",
        "If-Match": `"${version}"`,
      },
      body: JSON.stringify(changes),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  // Returns the id of the halt.
  async halt(scope: string | object, reason: string): Promise<number> {
    return (await this.post<{ haltId: number }>("/v1/halt", { scope, reason })).haltId;
  }
  async resume(haltId: number): Promise<void> {
    const init = { method: "DELETE", headers: this.bearer };
    const response = await fetch(`${this.url}/v1/halt/${haltId}`, init);
    if (!response.ok) throw new Error(await response.text());
  }

  async get<T>(path: string): Promise<T> {
    return (await (await fetch(this.url + path, { headers: this.bearer })).json()) as T;
  }

  // Returns the final status when the order has ended.
  async ended(id: string): Promise<string> {
    for (;;) {
      const { status } = await this.get<{ status: string }>(`/v1/orders/${id}`);
      if (!["pending", "resting", "routing", "building", "submitted"].includes(status))
        return status;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}
