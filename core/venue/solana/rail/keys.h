// Solana's keys: Ed25519 key pairs (RFC 8032), program derived addresses and associated token
// accounts. The derivations are those of solana-sdk's Pubkey. Pure; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/order/ids.h"

namespace oee::solana {

// A public key, or an address that has no private key.
using Key = Id<struct SolanaKeyTag, 32>;
// Ed25519. The first signature of a transaction is its id, which the log stores as TxHash.
using Signature = TxHash;

std::string to_text(const Key& key);  // base58
// invalid: not the base58 of 32 bytes.
Result<Key> parse_key(std::string_view text);
// For keys that this program names. REQUIRES: the text is one.
Key key_of(std::string_view text);

// Whether the bytes are a point of the curve: y^2 - 1 over d y^2 + 1 is a square modulo 2^255 - 19.
// Points outside the subgroup of prime order count too, as the runtime decides.
bool is_on_curve(const Key& key);

inline constexpr std::size_t seed_bytes_max = 32;
inline constexpr std::size_t seeds_max = 16;  // the bump is one of them

// The address that a program derives from seeds; empty: it is on the curve. REQUIRES: at most
// seeds_max seeds of at most seed_bytes_max bytes.
std::optional<Key> create_program_address(std::span<const std::string_view> seeds,
                                          const Key& program);
struct ProgramAddress {
  Key key;
  std::uint8_t bump = 0;
};
// The first one off the curve, from the bump 255 down. not_found: there is none.
Result<ProgramAddress> find_program_address(std::span<const std::string_view> seeds,
                                            const Key& program);
// The token account of an owner. `program`: the token program that owns the mint.
Key associated_token_address(const Key& owner, const Key& mint, const Key& program);
// The address of CreateAccountWithSeed: SHA-256(base || seed || owner). REQUIRES: a seed of at most
// seed_bytes_max bytes.
Key address_with_seed(const Key& base, std::string_view seed, const Key& owner);

// An Ed25519 key pair. The private key is in no text and leaves no copy. Movable; its functions may
// be called from any thread.
class KeyPair {
 public:
  // `seed`: 32 bytes, the private key of RFC 8032. invalid: another number of bytes.
  static Result<KeyPair> from_seed(std::string_view seed);
  // The 64 bytes of Solana's key files: the seed and the public key. invalid: another number of
  // bytes, or the public key is not that of the seed.
  static Result<KeyPair> from_bytes(std::string_view bytes);

  const Key& key() const { return key_; }
  Signature sign(std::string_view message) const;

 private:
  struct Free {
    void operator()(void* pkey) const;
  };
  KeyPair() = default;
  Key key_;
  std::unique_ptr<void, Free> pkey_;  // EVP_PKEY
};

bool verify(const Key& key, std::string_view message, const Signature& signature);

// Programs and sysvars.
extern const Key system_program;
extern const Key token_program;
extern const Key token_2022_program;
extern const Key associated_token_program;
extern const Key compute_budget_program;
extern const Key wrapped_sol_mint;

}  // namespace oee::solana
