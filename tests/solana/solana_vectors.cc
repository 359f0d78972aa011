// solana_vectors DIR...: quotes every recorded swap in the JSON files of the directories, and
// decodes its signed transaction. Prints "ok N of N" and ends with 0, or each one that differs and
// ends with 1; 2: wrong arguments. solana/README.md describes the files.
#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <span>
#include <sstream>
#include <vector>

#include "core/venue/solana/plans/cp_swap.h"
#include "core/venue/solana/plans/damm_v2.h"
#include "core/venue/solana/plans/dlmm.h"
#include "core/venue/solana/rail/base58.h"

namespace oee::solana {
namespace {

using boost::json::object;
using boost::json::value;

constexpr std::size_t wallet_accounts_end = 11;  // their positions in each program's swap are below

Error missing(std::string_view name, const char* kind) {
  return Error{Errc::invalid, std::string(name) + ": is not there, or is no " + kind};
}
Result<std::string> text_of(const object& of, std::string_view name) {
  const value* member = of.if_contains(name);
  if (member == nullptr || !member->is_string()) return missing(name, "text");
  return std::string(member->as_string());
}
Result<std::string> bytes_of(const object& of, std::string_view name) {
  OEE_TRY_ASSIGN(const std::string text, text_of(of, name));
  auto bytes = from_base64(text);
  if (!bytes) return Error{Errc::invalid, std::string(name) + ": " + bytes.error().detail};
  return bytes;
}
Result<Units> units_of(const object& of, std::string_view name) {
  OEE_TRY_ASSIGN(const std::string text, text_of(of, name));
  Units units = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), units);
  if (fault != std::errc() || end != text.data() + text.size() || text.empty())
    return missing(name, "number of 64 bits");
  return units;
}
Result<bool> flag_of(const object& of, std::string_view name) {
  const value* member = of.if_contains(name);
  if (member == nullptr || !member->is_bool()) return missing(name, "true or false");
  return member->as_bool();
}

using DecodeData = Result<SwapAmounts> (*)(std::string_view);
// The plan's instruction with the wallet's accounts of a recorded one, and its amounts.
using Rebuild = std::function<Instruction(std::span<const Key> accounts, const SwapAmounts&)>;

bool has_rights(const DecodedMessage& message, std::uint8_t account, const AccountMeta& wanted) {
  return message.keys[account] == wanted.key && (!wanted.is_signer || message.is_signer(account)) &&
         (!wanted.is_writable || message.is_writable(account));
}

// The signed transaction has the swap that the plan makes, with these amounts. Empty: it does.
std::string wrong_transaction(const object& vector, const Key& program, DecodeData decode_data,
                              Units amount_in, std::optional<Units> min_out,
                              const Rebuild& rebuild) {
  const Result<std::string> bytes = bytes_of(vector, "transaction");
  if (!bytes) return bytes.error().detail;
  const Result<DecodedTransaction> transaction = decode_transaction(*bytes);
  if (!transaction) return "transaction: " + transaction.error().detail;
  if (!verify(*transaction)) return "transaction: a signature is wrong";
  for (const DecodedInstruction& each : transaction->message.instructions) {
    if (transaction->message.keys[each.program] != program) continue;
    const Result<SwapAmounts> amounts = decode_data(each.data);
    if (!amounts) return "transaction: " + amounts.error().detail;
    if (amounts->amount_in != amount_in)
      return "transaction: it sells " + std::to_string(amounts->amount_in) + ", not " +
             std::to_string(amount_in);
    if (min_out && amounts->min_out != *min_out)
      return "transaction: its least output is " + std::to_string(amounts->min_out) + ", not " +
             std::to_string(*min_out);
    std::vector<Key> accounts;
    for (const std::uint8_t account : each.accounts)
      accounts.push_back(transaction->message.keys[account]);
    if (accounts.size() < wallet_accounts_end) return "transaction: it has too few accounts";
    const Instruction wanted = rebuild(accounts, *amounts);
    if (each.data != wanted.data) return "instruction: its data is not the plan's";
    const bool equal =
        std::equal(each.accounts.begin(), each.accounts.end(), wanted.accounts.begin(),
                   wanted.accounts.end(), [&](std::uint8_t account, const AccountMeta& meta) {
                     return has_rights(transaction->message, account, meta);
                   });
    return equal ? std::string() : "instruction: its accounts are not the plan's";
  }
  return "transaction: no instruction of " + to_text(program);
}

// What the program gave.
struct Recorded {
  Units amount_in = 0;
  std::optional<Units> amount_out;  // empty: it refused the least output
  std::optional<Units> min_out;
};

std::string wrong_quote(const Result<PlanQuote>& quote, const Recorded& recorded) {
  if (!quote) return "no quote: " + quote.error().detail;
  const std::string quoted = "the quote is " + std::to_string(quote->amount_out);
  if (recorded.amount_out && quote->amount_out != *recorded.amount_out)
    return quoted + ", the program gave " + std::to_string(*recorded.amount_out);
  if (!recorded.amount_out && quote->amount_out >= *recorded.min_out)
    return quoted + ", the program gave less than " + std::to_string(*recorded.min_out);
  return {};
}

// The output that a refusal for slippage states: "Program log: Left: N".
std::optional<Units> refused_output(const object& result) {
  const value* logs = result.if_contains("logs");
  if (logs == nullptr || !logs->is_array()) return std::nullopt;
  for (const value& line : logs->as_array()) {
    constexpr std::string_view before = "Program log: Left: ";
    if (!line.is_string() || !std::string_view(line.as_string()).starts_with(before)) continue;
    return static_cast<Units>(
        std::strtoull(std::string(line.as_string()).c_str() + before.size(), nullptr, 10));
  }
  return std::nullopt;
}

Result<std::string> check_cp_swap(const object& file, const object& vector) {
  OEE_TRY_ASSIGN(const std::string config_bytes, bytes_of(file, "ammConfig"));
  OEE_TRY_ASSIGN(const CpSwapConfig config, decode_cp_swap_config(config_bytes));
  OEE_TRY_ASSIGN(const std::string pool_bytes, bytes_of(vector, "pool"));
  OEE_TRY_ASSIGN(const CpSwapPool pool, decode_cp_swap_pool(pool_bytes));
  OEE_TRY_ASSIGN(const std::string in_bytes, bytes_of(vector, "inVault"));
  OEE_TRY_ASSIGN(const TokenBalance in_vault, decode_token_account(in_bytes));
  OEE_TRY_ASSIGN(const std::string out_bytes, bytes_of(vector, "outVault"));
  OEE_TRY_ASSIGN(const TokenBalance out_vault, decode_token_account(out_bytes));
  OEE_TRY_ASSIGN(const std::string in_text, text_of(vector, "inMint"));
  OEE_TRY_ASSIGN(const Key in_mint, parse_key(in_text));
  Recorded recorded;
  OEE_TRY_ASSIGN(recorded.amount_in, units_of(vector, "amountIn"));
  OEE_TRY_ASSIGN(recorded.min_out, units_of(vector, "minOut"));
  const value* result = vector.if_contains("result");
  if (result == nullptr || !result->is_object()) return missing("result", "object");
  if (result->as_object().contains("amountOut")) {
    OEE_TRY_ASSIGN(recorded.amount_out, units_of(result->as_object(), "amountOut"));
  } else {
    recorded.amount_out = refused_output(result->as_object());
  }
  if (in_mint != pool.mints[0] && in_mint != pool.mints[1])
    return Error{Errc::invalid, "inMint: is none of the pool's"};
  const Side sold = in_mint == pool.mints[0] ? Side::first : Side::second;
  std::array<Units, 2> vaults{};
  vaults[at(sold)] = in_vault.amount;
  vaults[at(other(sold))] = out_vault.amount;
  const auto quoted = quote(pool, config, vaults, sold, recorded.amount_in, ~std::uint64_t{0});
  if (std::string wrong = wrong_quote(quoted, recorded); !wrong.empty()) return wrong;
  OEE_TRY_ASSIGN(const std::string pool_text, text_of(vector, "poolAddress"));
  OEE_TRY_ASSIGN(const Key pool_key, parse_key(pool_text));
  return wrong_transaction(vector, cp_swap_program, decode_cp_swap_data, recorded.amount_in,
                           recorded.min_out, [&](auto accounts, const SwapAmounts& amounts) {
                             return cp_swap_instruction(pool_key, pool, accounts[0], accounts[4],
                                                        accounts[5], sold, amounts.amount_in,
                                                        amounts.min_out);
                           });
}

Result<std::string> check_damm_v2(const object&, const object& vector) {
  OEE_TRY_ASSIGN(const std::string bytes, bytes_of(vector, "pool"));
  OEE_TRY_ASSIGN(const DammV2Pool pool, decode_damm_v2_pool(bytes));
  OEE_TRY_ASSIGN(const bool a_to_b, flag_of(vector, "aToB"));
  Recorded recorded;
  OEE_TRY_ASSIGN(recorded.amount_in, units_of(vector, "amountIn"));
  OEE_TRY_ASSIGN(recorded.amount_out, units_of(vector, "amountOut"));
  const auto quoted =
      quote(pool, a_to_b ? Side::first : Side::second, recorded.amount_in, pool.activation_point);
  if (std::string wrong = wrong_quote(quoted, recorded); !wrong.empty()) return wrong;
  return wrong_transaction(vector, damm_v2_program, decode_damm_v2_data, recorded.amount_in, {},
                           [&](auto accounts, const SwapAmounts& amounts) {
                             return damm_v2_instruction(accounts[1], pool, accounts[8], accounts[2],
                                                        accounts[3], amounts.amount_in,
                                                        amounts.min_out);
                           });
}

Result<std::string> check_dlmm(const object&, const object& vector) {
  OEE_TRY_ASSIGN(const std::string bytes, bytes_of(vector, "lbPair"));
  OEE_TRY_ASSIGN(const DlmmPool pool, decode_dlmm_pool(bytes));
  OEE_TRY_ASSIGN(const bool for_y, flag_of(vector, "swapForY"));
  const value* listed = vector.if_contains("binArrays");
  if (listed == nullptr || !listed->is_array()) return missing("binArrays", "array");
  std::vector<DlmmBinArray> arrays;
  for (const value& each : listed->as_array()) {
    if (!each.is_object()) return missing("binArrays", "array of objects");
    OEE_TRY_ASSIGN(const std::string data, bytes_of(each.as_object(), "data"));
    OEE_TRY_ASSIGN(const DlmmBinArray array, decode_dlmm_bin_array(data));
    OEE_TRY_ASSIGN(const std::string address, text_of(each.as_object(), "address"));
    if (address != to_text(dlmm_bin_array_key(array.pool, array.index)))
      return "binArrays: its address is not " + address;
    arrays.push_back(array);
  }
  if (arrays.empty()) return missing("binArrays", "array with a bin array");
  std::sort(arrays.begin(), arrays.end(), [&](const DlmmBinArray& a, const DlmmBinArray& b) {
    return for_y ? a.index > b.index : a.index < b.index;
  });
  Recorded recorded;
  OEE_TRY_ASSIGN(recorded.amount_in, units_of(vector, "amountIn"));
  OEE_TRY_ASSIGN(recorded.amount_out, units_of(vector, "amountOut"));
  const value* time = vector.if_contains("time");
  if (time == nullptr || !time->is_int64()) return missing("time", "number");
  const auto quoted = quote(pool, arrays, for_y ? Side::first : Side::second, recorded.amount_in,
                            time->as_int64(), pool.activation_point);
  if (std::string wrong = wrong_quote(quoted, recorded); !wrong.empty()) return wrong;
  return wrong_transaction(vector, dlmm_program, decode_dlmm_data, recorded.amount_in, {},
                           [&](auto accounts, const SwapAmounts& amounts) {
                             std::vector<Key> keys;
                             for (const DlmmBinArray& each : arrays)
                               keys.push_back(dlmm_bin_array_key(each.pool, each.index));
                             return dlmm_instruction(arrays.front().pool, pool, keys, accounts[10],
                                                     accounts[4], accounts[5], amounts.amount_in,
                                                     amounts.min_out);
                           });
}

struct Counts {
  int checked = 0;
  int right = 0;
};

void report(const std::string& where, const std::string& what) {
  std::printf("%s: %s\n", where.c_str(), what.c_str());
}

// false: the file cannot be read as one of vectors.
bool check_file(const std::filesystem::path& path, Counts& counts) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  boost::system::error_code fault;
  const value parsed = boost::json::parse(text.str(), fault);
  if (!in || fault || !parsed.is_object()) {
    report(path, "is not a JSON object");
    return false;
  }
  const object& file = parsed.as_object();
  const Result<std::string> program = text_of(file, "program");
  const value* vectors = file.if_contains("vectors");
  if (!program || vectors == nullptr || !vectors->is_array()) {
    report(path, "has no program or no vectors");
    return false;
  }
  const auto check = *program == to_text(cp_swap_program)   ? check_cp_swap
                     : *program == to_text(damm_v2_program) ? check_damm_v2
                     : *program == to_text(dlmm_program)    ? check_dlmm
                                                            : nullptr;
  if (check == nullptr) {
    report(path, "program: " + *program + " has no plan");
    return false;
  }
  for (std::size_t i = 0; i < vectors->as_array().size(); ++i) {
    ++counts.checked;
    const value& vector = vectors->as_array()[i];
    const Result<std::string> wrong =
        vector.is_object() ? check(file, vector.as_object())
                           : Result<std::string>(Error{Errc::invalid, "is no object"});
    if (wrong.ok() && wrong->empty()) {
      ++counts.right;
    } else {
      report(path.string() + ", vectors[" + std::to_string(i) + "]",
             wrong.ok() ? *wrong : wrong.error().detail);
    }
  }
  return true;
}

int run(const std::vector<std::string>& directories) {
  Counts counts;
  bool readable = true;
  int files = 0;
  for (const std::string& directory : directories) {
    std::error_code fault;
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory, fault))
      if (entry.path().extension() == ".json") paths.push_back(entry.path());
    if (fault || paths.empty()) {
      report(directory, fault ? fault.message() : "has no JSON file");
      readable = false;
    }
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) readable &= check_file(path, counts);
    files += static_cast<int>(paths.size());
  }
  const bool ok = readable && counts.right == counts.checked && counts.checked > 0;
  std::printf("%s %d of %d\n", ok ? "ok" : "bad", counts.right, counts.checked);
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace oee::solana

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: solana_vectors DIR...\n");
    return 2;
  }
  return oee::solana::run(std::vector<std::string>(argv + 1, argv + argc));
}
