// Solana's transactions: the bytes that a wallet signs and sends, and their decoder for the guard.
// Format: solana.com/docs/core/transactions; lengths are compact-u16 (7 bits a byte, the lowest
// first). Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/venue/solana/rail/keys.h"

namespace oee::solana {

// A transaction with its signatures, as one packet of the network.
inline constexpr std::size_t transaction_bytes_max = 1'232;

struct AccountMeta {
  Key key;
  bool is_signer = false;
  bool is_writable = false;

  friend bool operator==(const AccountMeta&, const AccountMeta&) = default;
};

struct Instruction {
  Key program;
  std::vector<AccountMeta> accounts;
  std::string data;

  friend bool operator==(const Instruction&, const Instruction&) = default;
};

using Blockhash = Id<struct BlockhashTag, 32>;

// A v0 message without address tables. The payer is its first account, which signs and is
// writable; then come the other signers, then the others, writable ones first, each in the order
// of its first use. full: it has more than 256 accounts, or an instruction too large.
Result<std::string> encode_message(const Key& payer, const Blockhash& blockhash,
                                   std::span<const Instruction> instructions);
// A transaction of the message. REQUIRES: a signature for each signer, in the accounts' order.
// full: above transaction_bytes_max.
Result<std::string> encode_transaction(std::string_view message,
                                       std::span<const Signature> signatures);

// The addresses that a message takes from a table.
struct TableLookup {
  Key table;
  std::vector<std::uint8_t> writable;
  std::vector<std::uint8_t> readonly;
};

struct DecodedInstruction {
  std::uint8_t program = 0;            // positions among the message's accounts
  std::vector<std::uint8_t> accounts;  // those of tables follow its own keys
  std::string_view data;
};

// The views are of the bytes that were decoded.
struct DecodedMessage {
  bool is_v0 = false;  // false: a legacy message, which has no tables
  std::uint8_t signers = 0;
  std::uint8_t readonly_signers = 0;
  std::uint8_t readonly_others = 0;
  std::vector<Key> keys;
  Blockhash blockhash;
  std::vector<DecodedInstruction> instructions;
  std::vector<TableLookup> tables;

  // Of one of `keys`. REQUIRES: account < keys.size().
  bool is_signer(std::size_t account) const { return account < signers; }
  bool is_writable(std::size_t account) const;
};

struct DecodedTransaction {
  std::vector<Signature> signatures;
  std::string_view message_bytes;  // that are signed
  DecodedMessage message;
};

// invalid: the bytes are no message, or others follow it; the detail names the part. Programs and
// accounts of instructions are among the accounts of the message, and signers among its keys.
Result<DecodedMessage> decode_message(std::string_view bytes);
// The same; it has a signature for each signer.
Result<DecodedTransaction> decode_transaction(std::string_view bytes);
// Whether each signature is that of its signer.
bool verify(const DecodedTransaction& transaction);

}  // namespace oee::solana
