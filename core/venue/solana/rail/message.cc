#include "core/venue/solana/rail/message.h"

#include <algorithm>
#include <limits>

namespace oee::solana {
namespace {

constexpr std::uint8_t version_bit = 0x80;
constexpr std::size_t accounts_max = 256;  // an instruction names them by one byte
constexpr std::size_t length_max = std::numeric_limits<std::uint16_t>::max();

// REQUIRES: length <= length_max.
void append_length(std::string& out, std::size_t length) {
  check(length <= length_max, "append_length: above 16 bits");
  for (; length >= 0x80; length >>= 7) out += static_cast<char>((length & 0x7F) | 0x80);
  out += static_cast<char>(length);
}

// The accounts of a message in its order.
std::vector<AccountMeta> accounts_of(const Key& payer, std::span<const Instruction> instructions) {
  std::vector<AccountMeta> accounts{{payer, true, true}};
  const auto use = [&accounts](const AccountMeta& used) {
    const auto found = std::find_if(accounts.begin(), accounts.end(),
                                    [&](const AccountMeta& each) { return each.key == used.key; });
    if (found == accounts.end()) return void(accounts.push_back(used));
    found->is_signer |= used.is_signer;
    found->is_writable |= used.is_writable;
  };
  for (const Instruction& instruction : instructions) {
    for (const AccountMeta& account : instruction.accounts) use(account);
    use({instruction.program, false, false});
  }
  const auto rank = [](const AccountMeta& account) {
    return (account.is_signer ? 0 : 2) + (account.is_writable ? 0 : 1);
  };
  std::stable_sort(accounts.begin() + 1, accounts.end(),
                   [&](const AccountMeta& a, const AccountMeta& b) { return rank(a) < rank(b); });
  return accounts;
}

std::uint8_t position_of(const std::vector<AccountMeta>& accounts, const Key& key) {
  const auto found = std::find_if(accounts.begin(), accounts.end(),
                                  [&](const AccountMeta& each) { return each.key == key; });
  return static_cast<std::uint8_t>(found - accounts.begin());
}

// Reads a message from its front. After the first fault ok() is false, and every further read has
// an empty result.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return fault_ == nullptr; }
  std::string fault() const { return fault_; }
  std::size_t left() const { return rest_.size(); }
  void fail(const char* what) {
    if (ok()) fault_ = what;
    rest_ = {};
  }

  std::string_view take(std::size_t size, const char* what) {
    if (size > rest_.size()) {
      fail(what);
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint8_t u8(const char* what) {
    const std::string_view byte = take(1, what);
    return byte.empty() ? 0 : static_cast<std::uint8_t>(byte[0]);
  }
  // A compact-u16 in its shortest form.
  std::size_t length(const char* what) {
    std::size_t value = 0;
    for (int shift = 0; shift < 21; shift += 7) {
      const std::uint8_t byte = u8(what);
      value |= std::size_t{byte & 0x7FU} << shift;
      if ((byte & 0x80) != 0) continue;
      if (value > length_max || (byte == 0 && shift > 0)) fail(what);
      return ok() ? value : 0;
    }
    fail(what);
    return 0;
  }
  // The number of elements of at least `size` bytes each.
  std::size_t count(std::size_t size, const char* what) {
    const std::size_t number = length(what);
    if (number * size > left()) fail(what);
    return ok() ? number : 0;
  }
  template <class Bytes>
  Bytes id(const char* what) {
    const std::string_view bytes = take(Bytes{}.bytes.size(), what);
    return ok() ? Bytes::from_bytes(bytes) : Bytes{};
  }
  std::vector<std::uint8_t> list(const char* what) {
    const std::string_view bytes = take(length(what), what);
    return {bytes.begin(), bytes.end()};
  }

 private:
  std::string_view rest_;
  const char* fault_ = nullptr;
};

void read_instructions(Reader& in, DecodedMessage& message, std::size_t accounts) {
  for (std::size_t left = in.count(3, "the number of instructions"); left > 0 && in.ok(); --left) {
    DecodedInstruction instruction;
    instruction.program = in.u8("a program");
    instruction.accounts = in.list("the accounts of an instruction");
    instruction.data =
        in.take(in.length("the data of an instruction"), "the data of an instruction");
    message.instructions.push_back(std::move(instruction));
  }
  // The accounts of tables are known behind the instructions.
  for (std::size_t left = message.is_v0 ? in.count(34, "the number of tables") : 0;
       left > 0 && in.ok(); --left) {
    TableLookup lookup;
    lookup.table = in.id<Key>("a table");
    lookup.writable = in.list("the accounts of a table");
    lookup.readonly = in.list("the accounts of a table");
    accounts += lookup.writable.size() + lookup.readonly.size();
    message.tables.push_back(std::move(lookup));
  }
  if (accounts > accounts_max) in.fail("the number of accounts");
  for (const DecodedInstruction& instruction : message.instructions) {
    // The payer is no program, and a program is none of a table's accounts.
    if (instruction.program == 0 || instruction.program >= message.keys.size())
      in.fail("a program");
    for (const std::uint8_t account : instruction.accounts)
      if (account >= accounts) in.fail("an account of an instruction");
  }
}

DecodedMessage read_message(Reader& in) {
  DecodedMessage message;
  std::uint8_t first = in.u8("the header");
  if ((first & version_bit) != 0) {
    if (first != version_bit) in.fail("the version");
    message.is_v0 = true;
    first = in.u8("the header");
  }
  message.signers = first;
  message.readonly_signers = in.u8("the header");
  message.readonly_others = in.u8("the header");
  for (std::size_t left = in.count(32, "the number of accounts"); left > 0; --left)
    message.keys.push_back(in.id<Key>("an account"));
  for (std::size_t i = 0; i < message.keys.size(); ++i)
    if (std::find(message.keys.begin(), message.keys.begin() + static_cast<std::ptrdiff_t>(i),
                  message.keys[i]) != message.keys.begin() + static_cast<std::ptrdiff_t>(i))
      in.fail("an account that is listed twice");
  // The first account pays, so it is writable.
  if (message.signers > message.keys.size() || message.readonly_signers >= message.signers ||
      message.readonly_others > message.keys.size() - message.signers)
    in.fail("the header");
  message.blockhash = in.id<Blockhash>("the blockhash");
  read_instructions(in, message, message.keys.size());
  if (in.ok() && in.left() > 0) in.fail("the end: others follow it");
  return message;
}

Error not_a(const char* what, const Reader& in) {
  return Error{Errc::invalid, "not a " + std::string(what) + ": " + in.fault()};
}

}  // namespace

Result<std::string> encode_message(const Key& payer, const Blockhash& blockhash,
                                   std::span<const Instruction> instructions) {
  const std::vector<AccountMeta> accounts = accounts_of(payer, instructions);
  if (accounts.size() > accounts_max)
    return Error{Errc::full, "a message has " + std::to_string(accounts.size()) + " accounts"};
  if (instructions.size() > length_max)
    return Error{Errc::full, "a message has too many instructions"};
  const auto number = [&](auto&& is) {
    return static_cast<char>(std::count_if(accounts.begin(), accounts.end(), is));
  };
  std::string out(1, static_cast<char>(version_bit));
  out += number([](const AccountMeta& each) { return each.is_signer; });
  out += number([](const AccountMeta& each) { return each.is_signer && !each.is_writable; });
  out += number([](const AccountMeta& each) { return !each.is_signer && !each.is_writable; });
  append_length(out, accounts.size());
  for (const AccountMeta& account : accounts) out += account.key.view();
  out += blockhash.view();
  append_length(out, instructions.size());
  for (const Instruction& instruction : instructions) {
    if (instruction.accounts.size() > length_max || instruction.data.size() > length_max)
      return Error{Errc::full, "an instruction is too large"};
    out += static_cast<char>(position_of(accounts, instruction.program));
    append_length(out, instruction.accounts.size());
    for (const AccountMeta& account : instruction.accounts)
      out += static_cast<char>(position_of(accounts, account.key));
    append_length(out, instruction.data.size());
    out += instruction.data;
  }
  append_length(out, 0);  // tables
  return out;
}

Result<std::string> encode_transaction(std::string_view message,
                                       std::span<const Signature> signatures) {
  std::string out;
  append_length(out, signatures.size());
  for (const Signature& signature : signatures) out += signature.view();
  out += message;
  if (out.size() <= transaction_bytes_max) return out;
  return Error{Errc::full, "a transaction has " + std::to_string(out.size()) +
                               " bytes, of at most " + std::to_string(transaction_bytes_max)};
}

bool DecodedMessage::is_writable(std::size_t account) const {
  check(account < keys.size(), "is_writable: no such account");
  if (account < signers) return account < std::size_t{signers} - readonly_signers;
  return account < keys.size() - readonly_others;
}

Result<DecodedMessage> decode_message(std::string_view bytes) {
  Reader in(bytes);
  DecodedMessage message = read_message(in);
  if (!in.ok()) return not_a("message", in);
  return message;
}

Result<DecodedTransaction> decode_transaction(std::string_view bytes) {
  Reader in(bytes);
  DecodedTransaction transaction;
  for (std::size_t left = in.count(64, "the number of signatures"); left > 0; --left)
    transaction.signatures.push_back(in.id<Signature>("a signature"));
  if (in.ok()) transaction.message_bytes = bytes.substr(bytes.size() - in.left());
  transaction.message = read_message(in);
  if (in.ok() && transaction.signatures.size() != transaction.message.signers)
    in.fail("the number of signatures");
  if (!in.ok()) return not_a("transaction", in);
  return transaction;
}

bool verify(const DecodedTransaction& transaction) {
  for (std::size_t i = 0; i < transaction.signatures.size(); ++i)
    if (!verify(transaction.message.keys[i], transaction.message_bytes, transaction.signatures[i]))
      return false;
  return true;
}

}  // namespace oee::solana
