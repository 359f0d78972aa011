// REST calls. What fails is an ApiError whose message can be shown as it is: the engine's own words
// from its problem+json, or what kept the page from reaching it.
import { parseJson } from "./json";
import { Live } from "./live";
import type {
  DeadLetterStats,
  Health,
  Order,
  OrderEvent,
  Page,
  QuoteAnswer,
  Status,
} from "./types";

const tokenKey = "oee.token";
const timeoutMs = 15_000;

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: the engine was not reached
    message: string,
    readonly code = "",
    // Message by member of what was sent ("amount") from the problem's pointers and parameters.
    readonly fields: Record<string, string> = {},
    readonly requestId = "",
  ) {
    super(message);
  }
}

// An engine with access control answers 401: the page then asks for a token.
export const tokenWanted = new Live(false);
export const token = new Live(sessionStorage.getItem(tokenKey) ?? "");

export function keepToken(text: string): void {
  sessionStorage.setItem(tokenKey, text);
  token.set(text);
  tokenWanted.set(false);
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
    // A proxy in between may answer HTML; the status then says it all.
  }
  const fields: Record<string, string> = {};
  for (const { pointer, parameter, detail } of problem.errors ?? []) {
    fields[parameter ?? (pointer ?? "").replace(/^\//, "")] ??= detail;
  }
  const message = problem.detail ?? problem.title ?? `The engine answered HTTP ${status}.`;
  return new ApiError(status, message, problem.code, fields, problem.requestId);
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Accept", "application/json");
  if (token.value) headers.set("Authorization", `Bearer ${token.value}`);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, signal: AbortSignal.timeout(timeoutMs) });
  } catch (cause) {
    const late = cause instanceof DOMException && cause.name === "TimeoutError";
    throw new ApiError(
      0,
      late ? "The engine did not answer within 15 s." : "The engine cannot be reached.",
    );
  }
  if (response.status === 401) tokenWanted.set(true);
  return response;
}

async function call<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await send(path, init);
  const text = await response.text();
  if (!response.ok) throw errorOf(response.status, text);
  return parseJson<T>(text);
}

type Parameters = Record<string, string | number | undefined>;
function query(parameters: Parameters): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== "") pairs.set(name, String(value));
  }
  const text = pairs.toString();
  return text && `?${text}`;
}

const idPath = (id: string) => encodeURIComponent(id);

export interface OrdersQuery {
  status?: Status | undefined;
  inputToken?: string | undefined;
  outputToken?: string | undefined;
  since?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}
export interface NewOrder {
  inputToken: string;
  outputToken: string;
  amount: string;
  slippageBps?: number;
  clientOrderId?: string;
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
    amount: string;
    slippageBps: number;
  }) => call<QuoteAnswer>(`/v1/quote${query(order)}`),
  place: (order: NewOrder, idempotencyKey: string) =>
    call<Accepted>("/v1/orders", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": `"${idempotencyKey}"` },
      body: JSON.stringify(order),
    }),
  cancel: (id: string) => call<Accepted>(`/v1/orders/${idPath(id)}`, { method: "DELETE" }),
  deadLetters: (cursor?: string) =>
    call<Page<Order>>(`/v1/dead-letters${query({ limit: 500, cursor })}`),
  deadLetterStats: () => call<DeadLetterStats>("/v1/dead-letters/stats"),
  requeue: (id: string) =>
    call<Accepted>(`/v1/dead-letters/${idPath(id)}/requeue`, { method: "POST" }),
  discard: (id: string) => call<Accepted>(`/v1/dead-letters/${idPath(id)}`, { method: "DELETE" }),
  health: () => call<Health>("/health"),
  metrics: async () => {
    const response = await send("/metrics");
    if (!response.ok) throw errorOf(response.status, await response.text());
    return response.text();
  },
  config: () => call<unknown>("/v1/config"),
};
