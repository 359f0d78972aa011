// A path: its tokens, with its pools in the title.
import { poolsText, tokensText } from "../data/quotes";
import type { Hop } from "../data/types";

export function Path({ input, path }: { input: string; path: Hop[] }) {
  return <span title={poolsText(path)}>{tokensText(input, path)}</span>;
}
