#include "core/venue/solana/rail/rpc_json.h"

#include <array>
#include <boost/json.hpp>
#include <map>

#include "core/base/json_writer.h"
#include "core/venue/solana/rail/base58.h"

namespace oee::solana {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 3> commitments = {"processed", "confirmed", "finalized"};

Error wrong(std::string_view member) {
  return Error{Errc::invalid, "the node's answer: " + std::string(member) + " is missing or wrong"};
}

// --- Members -------------------------------------------------------------------------------------

const json::value* find(const json::value& of, std::string_view name) {
  const json::object* object = of.if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}
Result<const json::value*> member(const json::value& of, std::string_view name) {
  if (const json::value* found = find(of, name)) return found;
  return wrong(name);
}
std::optional<std::uint64_t> as_number(const json::value& value) {
  if (value.is_uint64()) return value.get_uint64();
  if (value.is_int64() && value.get_int64() >= 0)
    return static_cast<std::uint64_t>(value.get_int64());
  return std::nullopt;
}
Result<std::uint64_t> number_at(const json::value& of, std::string_view name) {
  const json::value* found = find(of, name);
  const auto number = found == nullptr ? std::nullopt : as_number(*found);
  if (!number) return wrong(name);
  return *number;
}
Result<std::string_view> text_at(const json::value& of, std::string_view name) {
  const json::value* found = find(of, name);
  if (found == nullptr || !found->is_string()) return wrong(name);
  return std::string_view(found->get_string());
}
Result<Key> key_at(const json::value& of, std::string_view name) {
  OEE_TRY_ASSIGN(const std::string_view text, text_at(of, name));
  const auto key = parse_key(text);
  if (!key) return wrong(name);
  return *key;
}
Result<const json::array*> array_at(const json::value& of, std::string_view name) {
  const json::value* found = find(of, name);
  if (found == nullptr || !found->is_array()) return wrong(name);
  return &found->get_array();
}
// ["BASE64", "base64"]
Result<std::string> base64_of(const json::value& value, std::string_view name) {
  const json::array* pair = value.if_array();
  if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string() || (*pair)[1] != "base64")
    return wrong(name);
  auto bytes = from_base64(std::string_view((*pair)[0].get_string()));
  if (!bytes) return wrong(name);
  return bytes;
}
// Of a transaction or its status: null, or the error.
Result<std::string> error_at(const json::value& of) {
  OEE_TRY_ASSIGN(const json::value* const error, member(of, "err"));
  return error->is_null() ? std::string() : json::serialize(*error);
}

// {"context":{"slot":1},"value":...}
struct WithContext {
  std::uint64_t slot = 0;
  const json::value* value = nullptr;
};
Result<WithContext> with_context(const json::value& result) {
  OEE_TRY_ASSIGN(const json::value* const context, member(result, "context"));
  WithContext found;
  OEE_TRY_ASSIGN(found.slot, number_at(*context, "slot"));
  OEE_TRY_ASSIGN(found.value, member(result, "value"));
  return found;
}

// --- Parameters ----------------------------------------------------------------------------------

template <class Body>
RpcCall call(std::string method, Body&& body) {
  RpcCall made{std::move(method), {}};
  JsonWriter json(made.params);
  json.array([&] { body(json); });
  return made;
}
void write_commitment(JsonWriter& json, Commitment commitment) {
  json.key("commitment").text(to_string(commitment));
}

// The balances of one side of a transaction, by the account's position.
struct Balance {
  Key mint;
  Key owner;
  Units amount = 0;
};
Result<std::map<std::uint64_t, Balance>> balances_at(const json::value& meta,
                                                     std::string_view name) {
  OEE_TRY_ASSIGN(const json::array* const listed, array_at(meta, name));
  std::map<std::uint64_t, Balance> balances;
  for (const json::value& each : *listed) {
    OEE_TRY_ASSIGN(const std::uint64_t account, number_at(each, "accountIndex"));
    Balance balance;
    OEE_TRY_ASSIGN(balance.mint, key_at(each, "mint"));
    OEE_TRY_ASSIGN(balance.owner, key_at(each, "owner"));
    OEE_TRY_ASSIGN(const json::value* const shown, member(each, "uiTokenAmount"));
    OEE_TRY_ASSIGN(const std::string_view amount, text_at(*shown, "amount"));
    const char* const end = amount.data() + amount.size();
    const auto [stop, fault] = std::from_chars(amount.data(), end, balance.amount);
    if (fault != std::errc() || stop != end || !balances.emplace(account, balance).second)
      return wrong(name);
  }
  return balances;
}

// The accounts of a transaction: its own, and those that it takes from tables.
Result<std::vector<Key>> keys_of(const DecodedMessage& message, const json::value& meta) {
  std::vector<Key> keys = message.keys;
  if (message.tables.empty()) return keys;
  OEE_TRY_ASSIGN(const json::value* const loaded, member(meta, "loadedAddresses"));
  for (const char* name : {"writable", "readonly"}) {
    OEE_TRY_ASSIGN(const json::array* const listed, array_at(*loaded, name));
    for (const json::value& each : *listed) {
      const auto key = each.is_string() ? parse_key(std::string_view(each.get_string()))
                                        : Result<Key>(wrong(name));
      if (!key) return wrong(name);
      keys.push_back(*key);
    }
  }
  return keys;
}

Result<std::vector<TokenChange>> changes_of(const json::value& meta, const std::vector<Key>& keys) {
  OEE_TRY_ASSIGN(const auto before, balances_at(meta, "preTokenBalances"));
  OEE_TRY_ASSIGN(auto after, balances_at(meta, "postTokenBalances"));
  std::vector<TokenChange> changes;
  const auto add = [&](std::uint64_t account, const Balance& balance, I128 change) {
    if (account >= keys.size()) return false;
    if (change != 0) changes.push_back({keys[account], balance.mint, balance.owner, change});
    return true;
  };
  for (const auto& [account, balance] : before) {
    I128 change = -I128{balance.amount};
    if (const auto found = after.find(account); found != after.end()) {
      if (found->second.mint != balance.mint || found->second.owner != balance.owner)
        return wrong("postTokenBalances");
      change += found->second.amount;
      after.erase(found);
    }
    if (!add(account, balance, change)) return wrong("preTokenBalances");
  }
  // Accounts that the transaction has created.
  for (const auto& [account, balance] : after)
    if (!add(account, balance, balance.amount)) return wrong("postTokenBalances");
  return changes;
}

}  // namespace

std::string_view to_string(Commitment commitment) {
  return commitments[static_cast<std::size_t>(commitment)];
}
std::optional<Commitment> parse_commitment(std::string_view text) {
  for (std::size_t i = 0; i < commitments.size(); ++i)
    if (commitments[i] == text) return static_cast<Commitment>(i);
  return std::nullopt;
}

RpcCall get_latest_blockhash(Commitment commitment) {
  return call("getLatestBlockhash",
              [&](JsonWriter& json) { json.object([&] { write_commitment(json, commitment); }); });
}

RpcCall get_epoch_info(Commitment commitment) {
  return call("getEpochInfo",
              [&](JsonWriter& json) { json.object([&] { write_commitment(json, commitment); }); });
}

RpcCall get_first_available_block() {
  return {"getFirstAvailableBlock", "[]"};
}

RpcCall get_multiple_accounts(std::span<const Key> accounts, Commitment commitment) {
  check(accounts.size() <= accounts_max, "get_multiple_accounts: too many");
  return call("getMultipleAccounts", [&](JsonWriter& json) {
    json.array([&] {
      for (const Key& each : accounts) json.text(to_text(each));
    });
    json.object([&] {
      json.key("encoding").text("base64");
      write_commitment(json, commitment);
    });
  });
}

RpcCall send_transaction(std::string_view transaction) {
  return call("sendTransaction", [&](JsonWriter& json) {
    json.text(to_base64(transaction));
    json.object([&] {
      json.key("encoding").text("base64");
      json.key("skipPreflight").boolean(true);
      json.key("maxRetries").number(0);
    });
  });
}

RpcCall simulate_transaction(std::string_view transaction, Commitment commitment) {
  return call("simulateTransaction", [&](JsonWriter& json) {
    json.text(to_base64(transaction));
    json.object([&] {
      json.key("encoding").text("base64");
      write_commitment(json, commitment);
    });
  });
}

RpcCall get_signature_statuses(std::span<const Signature> signatures) {
  check(signatures.size() <= statuses_max, "get_signature_statuses: too many");
  return call("getSignatureStatuses", [&](JsonWriter& json) {
    json.array([&] {
      for (const Signature& each : signatures) json.text(oee::to_text(each));
    });
    json.object([&] { json.key("searchTransactionHistory").boolean(true); });
  });
}

RpcCall get_transaction(const Signature& signature, Commitment commitment) {
  return call("getTransaction", [&](JsonWriter& json) {
    json.text(oee::to_text(signature));
    json.object([&] {
      json.key("encoding").text("base64");
      write_commitment(json, commitment);
      json.key("maxSupportedTransactionVersion").number(0);
    });
  });
}

std::string batch_of(std::span<const RpcCall> calls) {
  std::string body = "[";
  for (std::size_t i = 0; i < calls.size(); ++i)
    body += (i == 0 ? "" : ",") + std::string(R"({"jsonrpc":"2.0","id":)") + std::to_string(i) +
            R"(,"method":")" + calls[i].method + R"(","params":)" + calls[i].params + "}";
  return body + "]";
}

Result<std::vector<RpcResult>> results_of(std::string_view body, std::size_t calls) {
  boost::system::error_code fault;
  json::value parsed = json::parse(body, fault);
  json::array* const answers = fault ? nullptr : parsed.if_array();
  if (answers == nullptr) return Error{Errc::unavailable, "the node's answer is no batch"};
  std::vector<RpcResult> results(calls, Error{Errc::unavailable, "the node did not answer it"});
  std::vector<bool> answered(calls);
  for (json::value& answer : *answers) {
    const auto id = number_at(answer, "id");
    if (!id || *id >= calls)
      return Error{Errc::unavailable, "the node answered a call that was not made"};
    RpcResult& result = results[*id];
    if (answered[*id]) {
      result = Error{Errc::unavailable, "the node answered it twice"};
      continue;
    }
    answered[*id] = true;
    json::object& object = answer.get_object();
    if (json::value* found = object.if_contains("result")) {
      result = std::move(*found);
    } else {
      const json::value* error = object.if_contains("error");
      result = Error{Errc::unavailable,
                     "the node refused it: " + (error ? json::serialize(*error) : "no reason")};
    }
  }
  return results;
}

Result<LatestBlockhash> latest_blockhash_of(const json::value& result) {
  OEE_TRY_ASSIGN(const WithContext found, with_context(result));
  LatestBlockhash latest;
  OEE_TRY_ASSIGN(const Key hash, key_at(*found.value, "blockhash"));
  latest.hash = Blockhash::from_bytes(hash.view());
  OEE_TRY_ASSIGN(latest.last_valid_height, number_at(*found.value, "lastValidBlockHeight"));
  return latest;
}

Result<ChainHeight> height_of(const json::value& result) {
  ChainHeight found;
  OEE_TRY_ASSIGN(found.slot, number_at(result, "absoluteSlot"));
  OEE_TRY_ASSIGN(found.height, number_at(result, "blockHeight"));
  return found;
}

Result<std::uint64_t> number_of(const json::value& result) {
  const auto number = as_number(result);
  if (!number) return wrong("result");
  return *number;
}

Result<Accounts> accounts_of(const json::value& result, std::size_t asked) {
  OEE_TRY_ASSIGN(const WithContext found, with_context(result));
  const json::array* listed = found.value->if_array();
  if (listed == nullptr || listed->size() != asked) return wrong("value");
  Accounts accounts;
  accounts.slot = found.slot;
  for (const json::value& each : *listed) {
    std::optional<AccountState>& account = accounts.accounts.emplace_back();
    if (each.is_null()) continue;
    account.emplace();
    OEE_TRY_ASSIGN(account->owner, key_at(each, "owner"));
    OEE_TRY_ASSIGN(account->lamports, number_at(each, "lamports"));
    OEE_TRY_ASSIGN(const json::value* const data, member(each, "data"));
    OEE_TRY_ASSIGN(account->data, base64_of(*data, "data"));
  }
  return accounts;
}

Result<Signature> signature_of(const json::value& result) {
  const auto signature = result.is_string() ? parse_tx_hash(std::string_view(result.get_string()))
                                            : Result<Signature>(wrong("result"));
  if (!signature) return wrong("result");
  return *signature;
}

Result<SignatureStatuses> statuses_of(const json::value& result, std::size_t asked) {
  OEE_TRY_ASSIGN(const WithContext found, with_context(result));
  const json::array* listed = found.value->if_array();
  if (listed == nullptr || listed->size() != asked) return wrong("value");
  SignatureStatuses statuses;
  statuses.slot = found.slot;
  for (const json::value& each : *listed) {
    std::optional<SignatureStatus>& status = statuses.statuses.emplace_back();
    if (each.is_null()) continue;
    status.emplace();
    OEE_TRY_ASSIGN(status->slot, number_at(each, "slot"));
    OEE_TRY_ASSIGN(status->error, error_at(each));
    OEE_TRY_ASSIGN(const std::string_view text, text_at(each, "confirmationStatus"));
    const auto commitment = parse_commitment(text);
    if (!commitment) return wrong("confirmationStatus");
    status->commitment = *commitment;
  }
  return statuses;
}

Result<std::optional<LandedTransaction>> transaction_of(const json::value& result,
                                                        const Signature& signature) {
  if (result.is_null()) return std::optional<LandedTransaction>();
  LandedTransaction landed;
  OEE_TRY_ASSIGN(landed.slot, number_at(result, "slot"));
  OEE_TRY_ASSIGN(const json::value* const transaction, member(result, "transaction"));
  OEE_TRY_ASSIGN(landed.bytes, base64_of(*transaction, "transaction"));
  OEE_TRY_ASSIGN(const DecodedTransaction decoded, decode_transaction(landed.bytes));
  if (decoded.signatures.front() != signature)
    return Error{Errc::invalid, "the node's answer: transaction is another one"};
  if (!verify(decoded)) return Error{Errc::invalid, "the node's answer: a signature is wrong"};
  OEE_TRY_ASSIGN(const json::value* const meta, member(result, "meta"));
  OEE_TRY_ASSIGN(landed.error, error_at(*meta));
  OEE_TRY_ASSIGN(landed.fee, number_at(*meta, "fee"));
  OEE_TRY_ASSIGN(const std::vector<Key> keys, keys_of(decoded.message, *meta));
  OEE_TRY_ASSIGN(landed.changes, changes_of(*meta, keys));
  return std::optional(std::move(landed));
}

}  // namespace oee::solana
