// The JSON of Solana's RPC: the calls that the venue makes, and what their answers state. A node
// may lie or be wrong, so an answer is checked before it is believed: each function below names the
// member that is not what it should be. Format: solana.com/docs/rpc. Pure; any thread.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/venue/pools/wide.h"
#include "core/venue/solana/rail/message.h"

namespace oee::solana {

enum class Commitment : std::uint8_t { processed, confirmed, finalized };
std::string_view to_string(Commitment commitment);  // "finalized"
std::optional<Commitment> parse_commitment(std::string_view text);

struct RpcCall {
  std::string method;
  std::string params;  // a JSON array
};

// --- Calls ---------------------------------------------------------------------------------------

inline constexpr std::size_t statuses_max = 256;  // of one call
inline constexpr std::size_t accounts_max = 100;

RpcCall get_latest_blockhash(Commitment commitment);
RpcCall get_epoch_info(Commitment commitment);
RpcCall get_first_available_block();
// REQUIRES: at most accounts_max.
RpcCall get_multiple_accounts(std::span<const Key> accounts, Commitment commitment);
// Without a preflight and the node's own repetitions: the caller sends the same bytes again.
RpcCall send_transaction(std::string_view transaction);
RpcCall simulate_transaction(std::string_view transaction, Commitment commitment);
// Of all of the node's history. REQUIRES: at most statuses_max.
RpcCall get_signature_statuses(std::span<const Signature> signatures);
RpcCall get_transaction(const Signature& signature, Commitment commitment);

// The body of a batch. The id of a call is its position.
std::string batch_of(std::span<const RpcCall> calls);

// --- Answers -------------------------------------------------------------------------------------

// The results of a batch by position, whatever the order of the answers. unavailable: the node
// refused the call, did not answer it, or answered it twice; the detail has the node's code. The
// whole is unavailable when the body is no batch, or has an answer that no call asked for.
using RpcResult = Result<boost::json::value>;
Result<std::vector<RpcResult>> results_of(std::string_view body, std::size_t calls);

// The functions below return invalid when the result is not one of their call.

struct LatestBlockhash {
  Blockhash hash;
  std::uint64_t last_valid_height = 0;
};
Result<LatestBlockhash> latest_blockhash_of(const boost::json::value& result);

// Of getEpochInfo: a slot, and the height of its block or of the last one before it.
struct ChainHeight {
  std::uint64_t slot = 0;
  std::uint64_t height = 0;
};
Result<ChainHeight> height_of(const boost::json::value& result);

// Of getFirstAvailableBlock.
Result<std::uint64_t> number_of(const boost::json::value& result);

struct AccountState {
  Key owner;
  std::uint64_t lamports = 0;
  std::string data;
};
struct Accounts {
  std::uint64_t slot = 0;
  std::vector<std::optional<AccountState>>
      accounts;  // as they were asked for; empty: there is none
};
Result<Accounts> accounts_of(const boost::json::value& result, std::size_t asked);

// Of sendTransaction. It proves nothing but that the node took the bytes.
Result<Signature> signature_of(const boost::json::value& result);

struct SignatureStatus {
  std::uint64_t slot = 0;
  Commitment commitment = Commitment::processed;
  std::string error;  // the JSON of the transaction's error; empty: it has succeeded
};
struct SignatureStatuses {
  std::uint64_t slot = 0;                                // of the node
  std::vector<std::optional<SignatureStatus>> statuses;  // empty: the node does not know it
};
Result<SignatureStatuses> statuses_of(const boost::json::value& result, std::size_t asked);

// What a transaction that has landed did, by its own balances.
struct TokenChange {
  Key account;
  Key mint;
  Key owner;
  I128 change = 0;
};
struct LandedTransaction {
  std::uint64_t slot = 0;
  std::string error;                 // as above
  std::uint64_t fee = 0;             // lamports
  std::string bytes;                 // the signed transaction
  std::vector<TokenChange> changes;  // of the accounts whose balance changed
};
// Empty: the node does not have it at the commitment. invalid too: it is not the transaction of the
// signature.
Result<std::optional<LandedTransaction>> transaction_of(const boost::json::value& result,
                                                        const Signature& signature);

}  // namespace oee::solana
