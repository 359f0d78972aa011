// What a Solana node sends. The first byte selects the reader: a transaction (0), the answers of a
// batch (1), an account of a DEX program (2), a text of base58 or base64 (3). A transaction that is
// decoded is written again to the same bytes, and the guard signs none with other terms than its
// order's.
#include "core/venue/solana/plans/amm_v4.h"
#include "core/venue/solana/plans/damm_v2.h"
#include "core/venue/solana/plans/dlmm.h"
#include "core/venue/solana/rail/base58.h"
#include "core/venue/solana/rail/rpc_json.h"
#include "core/venue/solana/wallet/guard.h"
#include "tests/fuzz/fuzz.h"

namespace oee::fuzz {
namespace {

using namespace solana;

void check_guard(const DecodedMessage& message) {
  SwapTerms terms;
  terms.wallet = message.keys.front();
  terms.program = cp_swap_program;
  terms.amounts_of = decode_cp_swap_data;
  terms.pool_accounts = message.keys;
  terms.amount_in = 71;
  if (!check_message(message, terms).ok()) return;
  int swaps = 0;
  for (const DecodedInstruction& each : message.instructions) {
    if (message.keys[each.program] != cp_swap_program) continue;
    const auto amounts = decode_cp_swap_data(each.data);
    check(amounts.ok() && amounts->amount_in == 71, "the guard signs another amount");
    ++swaps;
  }
  check(swaps == 1 && message.signers == 1, "the guard signs another message");
}

void read_transaction(std::string_view bytes) {
  const auto decoded = decode_transaction(bytes);
  if (!decoded) return;
  const DecodedMessage& message = decoded->message;
  std::size_t accounts = message.keys.size();
  for (const TableLookup& table : message.tables)
    accounts += table.writable.size() + table.readonly.size();
  for (const DecodedInstruction& each : message.instructions) {
    check(each.program < message.keys.size(), "a program beyond the keys");
    for (const std::uint8_t account : each.accounts)
      check(account < accounts, "an account beyond the accounts");
  }
  for (std::size_t i = 0; i < message.keys.size(); ++i) {
    check(!message.is_signer(i) || i < message.signers, "a signer behind the others");
    (void)message.is_writable(i);
  }
  check(message.is_writable(0), "a payer that does not pay");
  const auto again = encode_transaction(decoded->message_bytes, decoded->signatures);
  check(!again.ok() || *again == bytes, "a transaction is written to other bytes");
  check(again.ok() == (bytes.size() <= transaction_bytes_max), "a packet of another size");
  check_guard(message);
}

void read_answers(std::string_view body) {
  constexpr std::size_t calls = 3;
  const auto results = results_of(body, calls);
  if (!results) return;
  check(results->size() == calls, "another number of results");
  for (const RpcResult& result : *results) {
    if (!result) continue;
    (void)latest_blockhash_of(*result).ok();
    (void)height_of(*result).ok();
    (void)number_of(*result).ok();
    (void)signature_of(*result).ok();
    if (const auto accounts = accounts_of(*result, 2); accounts.ok())
      check(accounts->accounts.size() == 2, "another number of accounts");
    if (const auto statuses = statuses_of(*result, 2); statuses.ok())
      check(statuses->statuses.size() == 2, "another number of statuses");
    const auto landed = transaction_of(*result, Signature{});
    check(!landed.ok() || !landed->has_value(), "a signature of zeros is that of a transaction");
  }
}

void read_account(std::string_view bytes) {
  const std::array<Units, 2> vaults{1'000'000'000, 2'000'000'000};
  if (const auto pool = decode_cp_swap_pool(bytes); pool.ok())
    (void)quote(*pool, CpSwapConfig{2'500, 500}, vaults, Side::first, 1'000'000, 1).ok();
  if (const auto pool = decode_amm_v4_pool(bytes); pool.ok())
    (void)quote(*pool, vaults, Side::second, 1'000'000, 1).ok();
  for (const Side sold : {Side::first, Side::second}) {
    if (const auto pool = decode_damm_v2_pool(bytes); pool.ok())
      (void)quote(*pool, sold, 1'000'000, ~std::uint64_t{0}).ok();
    if (const auto pool = decode_dlmm_pool(bytes); pool.ok()) {
      std::vector<DlmmBinArray> arrays(1);
      arrays[0].index = pool->active_bin / DlmmBinArray::size;
      for (DlmmBin& bin : arrays[0].bins) bin.amounts = {1'000, 1'000};
      (void)quote(*pool, arrays, sold, 10'000, 1, ~std::uint64_t{0}).ok();
    }
  }
  (void)decode_cp_swap_config(bytes).ok();
  (void)decode_dlmm_bin_array(bytes).ok();
  (void)decode_token_account(bytes).ok();
}

void read_text(std::string_view text) {
  if (const auto bytes = from_base58(text, 32); bytes.ok())
    check(to_base58(*bytes) == text, "base58 has two texts of the same bytes");
  if (const auto bytes = from_base64(text); bytes.ok())
    check(to_base64(*bytes) == text, "base64 has two texts of the same bytes");
}

}  // namespace
}  // namespace oee::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest = oee::fuzz::text_of(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      oee::fuzz::read_transaction(rest);
      break;
    case 1:
      oee::fuzz::read_answers(rest);
      break;
    case 2:
      oee::fuzz::read_account(rest);
      break;
    default:
      oee::fuzz::read_text(rest);
  }
  return 0;
}
