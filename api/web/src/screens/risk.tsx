// The risk limits of one account and of all accounts together, with how much of each is in use.
import { useState } from "preact/hooks";
import { ApiError, api } from "../data/api";
import { limitText, limitWords, shareOf } from "../data/risk";
import type { RiskLimit } from "../data/types";
import { amount } from "../format";
import { type Route, setView } from "../route";
import { useLoad } from "../ui/load";
import { Empty, Failure, Loading, Panel, StaleNotice } from "../ui/pieces";

const readEveryMs = 2_000;

export function RiskScreen({ route }: { route: Route }) {
  const account = route.view.get("account") ?? "";
  const { value, error, loading, reload } = useLoad(account, () => api.risk(account), readEveryMs);
  return (
    <>
      <StaleNotice />
      <AccountChoice key={account} account={account} />
      {error instanceof ApiError && error.status === 404 ? (
        <Empty title="No risk limits are set">
          The engine reads them from the file of <code>--risk-file</code>.
        </Empty>
      ) : (
        <>
          {error !== undefined && <Failure error={error} retry={reload} />}
          {loading && <Loading what="the limits" />}
          {value && (
            <div class="columns">
              <Limits
                title={account ? `Account ${account}` : "Your account"}
                limits={value.items.filter(({ scope }) => scope === "account")}
              />
              <Limits
                title="All accounts together"
                limits={value.items.filter(({ scope }) => scope === "all")}
              />
            </div>
          )}
        </>
      )}
    </>
  );
}

function AccountChoice({ account }: { account: string }) {
  const [typed, setTyped] = useState(account);
  return (
    <form
      class="toolbar"
      onSubmit={(event) => {
        event.preventDefault();
        setView({ account: typed.trim() });
      }}
    >
      <label for="account">Account</label>
      <input
        id="account"
        placeholder="your own"
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <button type="submit">Show</button>
    </form>
  );
}

function Limits({ title, limits }: { title: string; limits: RiskLimit[] }) {
  return (
    <Panel title={title}>
      {limits.length === 0 ? (
        <Empty title="No limit is shown for this scope" />
      ) : (
        <ul class="limits">
          {limits.map((limit) => (
            <Limit key={`${limit.name} ${limit.token}`} {...limit} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Limit({ name, token, limit, use }: RiskLimit) {
  const title = token ? `${limitWords(name)}, ${token}` : limitWords(name);
  const share = shareOf(limit, use);
  return (
    <li>
      <span>{title}</span>
      <span class="num right">
        {use !== undefined && <strong>{amount(use)}</strong>}
        {use !== undefined && limit !== undefined && " of "}
        {limit === undefined ? <span class="muted">, no limit</span> : limitText(name, limit)}
      </span>
      {share !== undefined && (
        <progress
          class={share >= 1 ? "full" : share >= 0.8 ? "near" : ""}
          max={1}
          value={Math.min(share, 1)}
          aria-label={`${title}: ${Math.round(share * 100)} % used`}
        />
      )}
    </li>
  );
}
