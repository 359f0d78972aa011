// The file of limits. The only place that knows toml++.
#include <algorithm>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "core/base/json_writer.h"
#include "core/order/command.h"
#include "core/risk/limits.h"
#include "core/risk/use.h"

namespace oee {
namespace {

Error wrong(const toml::node& at, std::string_view what) {
  return {Errc::invalid,
          "line " + std::to_string(at.source().begin.line) + ": " + std::string(what)};
}

// The file's text in a message: it may hold anything.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  append_json_escaped(out, text);
  return out += '"';
}

// Reads one table of limits. The keys that the table has replace the values of `set`; an amount
// replaces the one of its token.
class SetReader {
 public:
  SetReader(const TokenRegistry& tokens, LimitSet& set) : tokens_(tokens), set_(set) {}

  Result<void> read(const toml::table& table) {
    for (const auto& [key, node] : table) OEE_TRY(read_key(key.str(), node));
    return {};
  }

 private:
  Result<void> read_key(std::string_view key, const toml::node& node) {
    for (const CountLimitRow& row : count_limits)
      if (row.name == key) return read_count(row, node);
    for (const AmountLimitRow& row : amount_limits)
      if (row.name == key) return read_amounts(row, node);
    if (key == tokens_limit_name) return read_tokens(node);
    if (key == pairs_limit_name) return read_pairs(node);
    return wrong(node, quoted(key) + " is not a limit");
  }

  Result<void> read_count(const CountLimitRow& row, const toml::node& node) {
    const auto* number = node.as_integer();
    if (number == nullptr || number->get() < 0 ||
        static_cast<std::uint64_t>(number->get()) > row.max)
      return wrong(node, std::string(row.name) + " must be a whole number from 0 to " +
                             std::to_string(row.max));
    set_.*row.member = static_cast<std::uint64_t>(number->get());
    return {};
  }

  Result<void> read_amounts(const AmountLimitRow& row, const toml::node& node) {
    const auto* table = node.as_table();
    if (table == nullptr)
      return wrong(node, std::string(row.name) + R"( must be amounts by token: { SOL = "100" })");
    for (const auto& [key, amount] : *table) {
      OEE_TRY_ASSIGN(const Token token, token_of(key.str(), amount));
      OEE_TRY_ASSIGN(const Units units, units_of(row, token, amount));
      auto& limits = set_.*row.member;
      const auto at = std::find_if(limits.begin(), limits.end(), [&](const TokenLimit& limit) {
        return !(limit.token.symbol < token.symbol);
      });
      if (at != limits.end() && at->token == token) {
        at->units = units;
      } else {
        limits.insert(at, TokenLimit{token, units});
      }
    }
    return {};
  }

  // A floating-point number is refused: its digits may not be those of the file.
  static Result<Units> units_of(const AmountLimitRow& row, const Token& token,
                                const toml::node& node) {
    std::string text;
    if (const auto* string = node.as_string()) text = string->get();
    if (const auto* number = node.as_integer()) text = std::to_string(number->get());
    if (text.empty())
      return wrong(node, std::string(row.name) + R"( must be an amount in quotes: "1.5")");
    auto units = parse_units(text, token.decimals);
    if (!units.ok())
      return wrong(node, std::string(row.name) + " of " + std::string(token.symbol.view()) + ": " +
                             quoted(text) + ": " + units.error().detail);
    return units;
  }

  Result<Token> token_of(std::string_view symbol, const toml::node& at) const {
    if (const TokenInfo* const info = tokens_.find(symbol)) return info->token;
    return wrong(at, "there is no token " + quoted(symbol));
  }

  Result<void> read_tokens(const toml::node& node) {
    std::vector<Symbol> allowed;
    OEE_TRY(each_text(tokens_limit_name, node, [&](std::string_view text, const toml::node& at) {
      const auto token = token_of(text, at);
      if (!token.ok()) return Result<void>(token.error());
      allowed.push_back(token->symbol);
      return Result<void>();
    }));
    set_.tokens = sorted(std::move(allowed));
    return {};
  }

  Result<void> read_pairs(const toml::node& node) {
    std::vector<AllowedPair> allowed;
    OEE_TRY(each_text(pairs_limit_name, node, [&](std::string_view text, const toml::node& at) {
      const auto slash = text.find('/');
      if (slash == text.npos)
        return Result<void>(wrong(at, "a pair is INPUT/OUTPUT, not " + quoted(text)));
      const auto input = token_of(text.substr(0, slash), at);
      if (!input.ok()) return Result<void>(input.error());
      const auto output = token_of(text.substr(slash + 1), at);
      if (!output.ok()) return Result<void>(output.error());
      allowed.push_back(AllowedPair{input->symbol, output->symbol});
      return Result<void>();
    }));
    set_.pairs = sorted(std::move(allowed));
    return {};
  }

  template <class Each>
  static Result<void> each_text(std::string_view name, const toml::node& node, const Each& each) {
    const auto* array = node.as_array();
    if (array == nullptr) return wrong(node, std::string(name) + " must be a list of texts");
    for (const toml::node& item : *array) {
      const auto* text = item.as_string();
      if (text == nullptr) return wrong(item, std::string(name) + " must be a list of texts");
      OEE_TRY(each(text->get(), item));
    }
    return {};
  }

  template <class Item>
  static std::vector<Item> sorted(std::vector<Item> items) {
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    return items;
  }

  const TokenRegistry& tokens_;
  LimitSet& set_;
};

Result<void> read_set(const toml::node& node, std::string_view name, const TokenRegistry& tokens,
                      LimitSet& set) {
  const auto* table = node.as_table();
  if (table == nullptr) return wrong(node, std::string(name) + " must be a table of limits");
  return SetReader(tokens, set).read(*table);
}

Result<void> read_accounts(const toml::node& node, const TokenRegistry& tokens,
                           RiskLimits& limits) {
  const auto* table = node.as_table();
  if (table == nullptr) return wrong(node, "accounts must be tables of limits: [accounts.NAME]");
  if (table->size() > RiskUse::accounts_max)
    return wrong(node, "more than " + std::to_string(RiskUse::accounts_max) + " accounts");
  for (const auto& [key, entry] : *table) {
    const std::string_view name = key.str();
    // No account has another name: its limits would be relied on in vain.
    if (!is_account_name(name))
      return wrong(entry,
                   "accounts." + quoted(name) + ": a name has " + std::string(account_name_rule));
    LimitSet set = limits.account;
    OEE_TRY(read_set(entry, "accounts." + quoted(name), tokens, set));
    if (set != limits.account) limits.accounts.emplace(name, std::move(set));
  }
  return {};
}

}  // namespace

Result<RiskLimits> parse_risk_limits(std::string_view text, const TokenRegistry& tokens) {
  if (text.size() > risk_file_bytes_max) return Error{Errc::invalid, "the file exceeds 1 MiB"};
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return Error{Errc::invalid, "line " + std::to_string(error.source().begin.line) + ": " +
                                    std::string(error.description())};
  }
  const toml::table& root = parsed.table();
  for (const auto& [key, node] : root) {
    const std::string_view name = key.str();
    if (name != "all" && name != "account" && name != "accounts")
      return wrong(node, quoted(name) + " is none of the tables all, account and accounts.NAME");
  }
  RiskLimits limits;
  if (const toml::node* node = root.get("all")) OEE_TRY(read_set(*node, "all", tokens, limits.all));
  if (const toml::node* node = root.get("account"))
    OEE_TRY(read_set(*node, "account", tokens, limits.account));
  // After `account`, whose limits are those that an account of its own does not set.
  if (const toml::node* node = root.get("accounts")) OEE_TRY(read_accounts(*node, tokens, limits));
  const std::string recorded = canonical_text(limits);
  if (recorded.size() > risk_limits_bytes_max)
    return Error{Errc::invalid, "the limits take " + std::to_string(recorded.size()) +
                                    " bytes in the log, more than " +
                                    std::to_string(risk_limits_bytes_max)};
  if (!parse_canonical_limits(recorded).ok())
    return Error{Errc::invalid, "a token's symbol has a space, a comma or a slash"};
  return limits;
}

}  // namespace oee
