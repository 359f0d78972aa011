// What the plans share: the bytes of accounts, the quote of a swap, and token accounts. A plan is
// what the engine knows of one DEX program: its accounts, its formula and its instruction. Pure;
// any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/venue/pools/wide.h"
#include "core/venue/solana/rail/keys.h"

namespace oee::solana {

// The exact input of a swap, traded.
struct PlanQuote {
  Units amount_out = 0;
  Units fee = 0;
  bool fee_in_output = false;  // false: the fee is of the input token
};

// The side that is sold, by the order of the tokens in the pool's account.
enum class Side : std::uint8_t { first = 0, second = 1 };
constexpr std::size_t at(Side side) {
  return static_cast<std::size_t>(side);
}
constexpr Side other(Side side) {
  return side == Side::first ? Side::second : Side::first;
}

// An account's bytes; all integers are little-endian. REQUIRES of the readers: offset and width are
// within the bytes.
class Account {
 public:
  // invalid: another size, or it does not begin with the discriminator; `what` is in the detail.
  static Result<Account> of(std::string_view bytes, std::size_t size,
                            std::string_view discriminator, std::string_view what) {
    const std::string found = std::to_string(bytes.size()) + " bytes";
    if (bytes.size() != size)
      return Error{Errc::invalid,
                   std::string(what) + ": has " + found + ", not " + std::to_string(size)};
    if (!bytes.starts_with(discriminator))
      return Error{Errc::invalid, std::string(what) + ": is an account of another kind"};
    return Account(bytes);
  }

  std::uint8_t u8(std::size_t offset) const { return load_le<std::uint8_t>(bytes_.substr(offset)); }
  std::uint16_t u16(std::size_t offset) const {
    return load_le<std::uint16_t>(bytes_.substr(offset));
  }
  std::uint32_t u32(std::size_t offset) const {
    return load_le<std::uint32_t>(bytes_.substr(offset));
  }
  std::int32_t i32(std::size_t offset) const { return static_cast<std::int32_t>(u32(offset)); }
  std::uint64_t u64(std::size_t offset) const {
    return load_le<std::uint64_t>(bytes_.substr(offset));
  }
  std::int64_t i64(std::size_t offset) const { return static_cast<std::int64_t>(u64(offset)); }
  U128 u128(std::size_t offset) const { return U128{u64(offset + 8)} << 64 | u64(offset); }
  Key key(std::size_t offset) const { return Key::from_bytes(bytes_.substr(offset, 32)); }

 private:
  explicit Account(std::string_view bytes) : bytes_(bytes) {}
  std::string_view bytes_;
};

// Of a token account (SPL Token, and Token-2022, whose accounts may be longer).
struct TokenBalance {
  Key mint;
  Key owner;
  Units amount = 0;
};
inline Result<TokenBalance> decode_token_account(std::string_view bytes) {
  constexpr std::size_t size = 165;
  if (bytes.size() < size)
    return Error{Errc::invalid, "a token account: has " + std::to_string(bytes.size()) +
                                    " bytes, not 165 or more"};
  OEE_TRY_ASSIGN(const Account account,
                 Account::of(bytes.substr(0, size), size, {}, "a token account"));
  return TokenBalance{account.key(0), account.key(32), account.u64(64)};
}

// ceil(amount * rate / unit) in 64 bits; no value: it exceeds them. REQUIRES: unit > 0.
inline std::optional<Units> part_of(Units amount, std::uint64_t rate, std::uint64_t unit) {
  return as_units(divide_up(U128{amount} * rate, unit));
}

}  // namespace oee::solana
