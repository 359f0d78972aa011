// REST calls. A call that fails throws an ApiError. Its message can be shown as it is: it is the
// detail of the engine's problem+json, or the reason why the engine was not reached.
import { parseJson } from "./json";
import { Live } from "./live";
import type {
  CancelCounts,
  DeadLetterCounts,
  Halt,
  HaltScope,
  Health,
  Order,
  OrderEvent,
  Page,
  QuoteAnswer,
  RiskAnswer,
  Setting,
  Status,
} from "./types";

const tokenKey = "oee.token";
const timeoutMs = 15_000;

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: the engine was not reached
    message: string,
    readonly code = "",
    // Message by member of the request ("amount"), from the problem's pointers and parameters.
    readonly fields: Record<string, string> = {},
    readonly requestId = "",
  ) {
    super(message);
  }
}

// The engine was not reached, or failed: a later retry may succeed.
export function wasAway(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}

// An engine with access control answers 401: the page then asks for a token ("needed"). The user
// can also replace the present one ("other").
export const tokenQuestion = new Live<"none" | "needed" | "other">("none");
export const token = new Live(sessionStorage.getItem(tokenKey) ?? "");

// When the engine does not know the new token: throws an ApiError and keeps the present token.
export async function giveToken(text: string): Promise<void> {
  const response = await exchange(readable, {}, text);
  if (response.status === 401) throw errorOf(401, await response.text());
  sessionStorage.setItem(tokenKey, text);
  tokenQuestion.set("none");
  token.set(text);
}

interface ProblemJson {
  title?: string;
  detail?: string;
  code?: string;
  requestId?: string;
  errors?: { pointer?: string; parameter?: string; detail: string }[];
}

export function errorOf(status: number, text: string): ApiError {
  let problem: ProblemJson = {};
  try {
    problem = JSON.parse(text) as ProblemJson;
  } catch {
    // A proxy may answer with HTML; the message then contains only the status.
  }
  const fields: Record<string, string> = {};
  for (const { pointer, parameter, detail } of problem.errors ?? []) {
    fields[parameter ?? (pointer ?? "").replace(/^\//, "")] ??= detail;
  }
  const message = problem.detail ?? problem.title ?? `The engine answered HTTP ${status}.`;
  return new ApiError(status, message, problem.code, fields, problem.requestId);
}

// A call that needs a token. It reads the log, so it works also while the lists are unavailable.
const readable = "/v1/events?limit=1";
const openToAll = "/health";

async function exchange(path: string, init: RequestInit, bearer: string): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Accept", "application/json");
  if (bearer) headers.set("Authorization", `Bearer ${bearer}`);
  try {
    return await fetch(path, { ...init, headers, signal: AbortSignal.timeout(timeoutMs) });
  } catch (cause) {
    const late = cause instanceof DOMException && cause.name === "TimeoutError";
    throw new ApiError(
      0,
      late ? "The engine did not answer within 15 s." : "The engine cannot be reached.",
    );
  }
}

// Returns the text of the answer.
async function send(path: string, init: RequestInit = {}): Promise<string> {
  if (tokenQuestion.value === "needed" && path !== openToAll) {
    throw new ApiError(401, "The engine needs an access token.");
  }
  const bearer = token.value;
  const response = await exchange(path, init, bearer);
  const text = await response.text();
  if (response.status === 401 && bearer === token.value) tokenQuestion.set("needed");
  if (!response.ok) throw errorOf(response.status, text);
  return text;
}

// Throws when this page may not read. Browsers do not report why a WebSocket is refused.
export async function checkAccess(): Promise<void> {
  const bearer = token.value;
  const response = await exchange(readable, {}, bearer);
  if (bearer !== token.value) return;
  if (response.status === 401) tokenQuestion.set("needed");
  else if (tokenQuestion.value === "needed") tokenQuestion.set("none");
  if (response.status === 401 || response.status === 403) {
    throw errorOf(response.status, await response.text());
  }
}

async function call<T>(path: string, init?: RequestInit): Promise<T> {
  return parseJson<T>(await send(path, init));
}

type Parameters = Record<string, string | number | boolean | undefined>;
function query(parameters: Parameters): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== "") pairs.set(name, String(value));
  }
  const text = pairs.toString();
  return text && `?${text}`;
}

const post = (body: object, idempotencyKey: string): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/json", "Idempotency-Key": `"${idempotencyKey}"` },
  body: JSON.stringify(body),
});
const idPath = (id: string) => encodeURIComponent(id);

export interface OrdersQuery {
  status?: Status | undefined;
  inputToken?: string | undefined;
  outputToken?: string | undefined;
  token?: string | undefined; // on either side
  venue?: string | undefined;
  clientOrderId?: string | undefined;
  txHash?: string | undefined;
  since?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}
export interface Accepted {
  orderId: string;
  status: Status;
  seq: number;
}

export const api = {
  order: (id: string, at?: number) => call<Order>(`/v1/orders/${idPath(id)}${query({ at })}`),
  orders: (filter: OrdersQuery) => call<Page<Order>>(`/v1/orders${query({ ...filter })}`),
  orderEvents: (id: string, after = 0) =>
    call<Page<OrderEvent>>(`/v1/orders/${idPath(id)}/events${query({ after, limit: 1000 })}`),
  events: (after: number, limit: number, type?: string) =>
    call<Page<OrderEvent>>(`/v1/events${query({ after, limit, type })}`),
  quote: (order: {
    inputToken: string;
    outputToken: string;
    amount?: string | undefined;
    outputAmount?: string | undefined;
    slippageBps?: number | undefined;
    allowPartial?: true | undefined;
  }) => call<QuoteAnswer>(`/v1/quote${query(order)}`),
  place: (order: object, idempotencyKey: string) =>
    call<Accepted>("/v1/orders", post(order, idempotencyKey)),
  cancel: (id: string) => call<Accepted>(`/v1/orders/${idPath(id)}`, { method: "DELETE" }),
  amend: (id: string, version: number, changes: object) =>
    call<Accepted>(`/v1/orders/${idPath(id)}`, {
      method: "PATCH",
      headers: { "Content-Type": "application/json", "If-Match": `"${version}"` },
      body: JSON.stringify(changes),
    }),
  // Those that sell or buy the token; without one, all.
  cancelAll: (token: string) =>
    call<CancelCounts>(`/v1/orders${query(token ? { token } : { all: "true" })}`, {
      method: "DELETE",
    }),
  deadLetters: (cursor?: string) =>
    call<Page<Order>>(`/v1/dead-letters${query({ limit: 500, cursor })}`),
  deadLetterStats: () => call<DeadLetterCounts>("/v1/dead-letters/stats"),
  requeue: (id: string) =>
    call<Accepted>(`/v1/dead-letters/${idPath(id)}/requeue`, { method: "POST" }),
  discard: (id: string) => call<Accepted>(`/v1/dead-letters/${idPath(id)}`, { method: "DELETE" }),
  halts: () => call<Page<Halt>>("/v1/halt"),
  halt: (scope: HaltScope, reason: string, idempotencyKey: string) =>
    call<unknown>("/v1/halt", post({ scope, reason }, idempotencyKey)),
  resume: (id: number) => call<unknown>(`/v1/halt/${id}`, { method: "DELETE" }),
  risk: (account: string) => call<RiskAnswer>(`/v1/risk${query({ account })}`),
  health: () => call<Health>(openToAll),
  metrics: () => send("/metrics"),
  config: () => call<Page<Setting>>("/v1/config"),
};
