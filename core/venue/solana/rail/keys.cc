#include "core/venue/solana/rail/keys.h"

#include <openssl/bn.h>
#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "core/base/sha256.h"
#include "core/venue/solana/rail/base58.h"

namespace oee::solana {
namespace {

constexpr std::size_t seed_size = 32;

template <auto Function>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Function(object);
  }
};
using BigNumber = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using BigNumbers = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using PublicKey = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

BigNumber number(const char* hex) {
  BIGNUM* made = nullptr;
  check(BN_hex2bn(&made, hex) > 0, "a constant of the curve");
  return BigNumber(made);
}
const BIGNUM* prime() {
  static const BigNumber p =
      number("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
  return p.get();
}
// d of the curve -x^2 + y^2 = 1 + d x^2 y^2: -121665/121666 (RFC 8032, 5.1).
const BIGNUM* curve_d() {
  static const BigNumber d =
      number("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3");
  return d.get();
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

const Key system_program;
const Key token_program = key_of("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
const Key token_2022_program = key_of("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
const Key associated_token_program = key_of("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
const Key compute_budget_program = key_of("ComputeBudget111111111111111111111111111111");
const Key wrapped_sol_mint = key_of("So11111111111111111111111111111111111111112");

std::string to_text(const Key& key) {
  return to_base58(key.view());
}
Result<Key> parse_key(std::string_view text) {
  OEE_TRY_ASSIGN(const std::string bytes, from_base58(text, Key{}.bytes.size()));
  return Key::from_bytes(bytes);
}
Key key_of(std::string_view text) {
  const Result<Key> key = parse_key(text);
  check(key.ok(), "key_of: not a key");
  return *key;
}

bool is_on_curve(const Key& key) {
  std::array<std::uint8_t, 32> little = key.bytes;
  little.back() &= 0x7F;  // the sign of x
  const BigNumbers scratch(BN_CTX_new());
  const BigNumber y(BN_lebin2bn(little.data(), static_cast<int>(little.size()), nullptr));
  const BigNumber square(BN_new());
  const BigNumber u(BN_new());
  const BigNumber v(BN_new());
  const BigNumber product(BN_new());
  BN_CTX* const context = scratch.get();
  const bool computed =
      BN_nnmod(y.get(), y.get(), prime(), context) == 1 &&  // a y above the prime is reduced
      BN_mod_sqr(square.get(), y.get(), prime(), context) == 1 &&
      BN_mod_sub(u.get(), square.get(), BN_value_one(), prime(), context) == 1 &&
      BN_mod_mul(v.get(), square.get(), curve_d(), prime(), context) == 1 &&
      BN_mod_add(v.get(), v.get(), BN_value_one(), prime(), context) == 1 &&
      BN_mod_mul(product.get(), u.get(), v.get(), prime(), context) == 1;
  check(computed, "is_on_curve: OpenSSL failed");
  // u / v is a square exactly when u * v is: they differ by v^2. v is never 0: -1/d is no square.
  return BN_kronecker(product.get(), prime(), context) >= 0;
}

std::optional<Key> create_program_address(std::span<const std::string_view> seeds,
                                          const Key& program) {
  check(seeds.size() <= seeds_max, "create_program_address: too many seeds");
  std::string bytes;
  for (const std::string_view seed : seeds) {
    check(seed.size() <= seed_bytes_max, "create_program_address: too long a seed");
    bytes += seed;
  }
  const Hash256 hash = sha256({bytes, program.view(), "ProgramDerivedAddress"});
  const Key key = Key::from_bytes(as_bytes(hash));
  if (is_on_curve(key)) return std::nullopt;
  return key;
}

Result<ProgramAddress> find_program_address(std::span<const std::string_view> seeds,
                                            const Key& program) {
  std::vector<std::string_view> with_bump(seeds.begin(), seeds.end());
  char bump = 0;
  with_bump.emplace_back(&bump, 1);
  for (int value = 255; value >= 0; --value) {
    bump = static_cast<char>(value);
    if (const auto key = create_program_address(with_bump, program))
      return ProgramAddress{*key, static_cast<std::uint8_t>(value)};
  }
  return Error{Errc::not_found, "no address of program " + to_text(program) + " for these seeds"};
}

Key associated_token_address(const Key& owner, const Key& mint, const Key& program) {
  const std::string_view seeds[] = {owner.view(), program.view(), mint.view()};
  const auto found = find_program_address(seeds, associated_token_program);
  check(found.ok(), "associated_token_address: none");  // probability 2^-255
  return found->key;
}

Key address_with_seed(const Key& base, std::string_view seed, const Key& owner) {
  check(seed.size() <= seed_bytes_max, "address_with_seed: too long a seed");
  return Key::from_bytes(as_bytes(sha256({base.view(), seed, owner.view()})));
}

void KeyPair::Free::operator()(void* pkey) const {
  EVP_PKEY_free(static_cast<EVP_PKEY*>(pkey));
}

Result<KeyPair> KeyPair::from_seed(std::string_view seed) {
  if (seed.size() != seed_size)
    return Error{Errc::invalid, "a private key has 32 bytes, not " + std::to_string(seed.size())};
  KeyPair pair;
  EVP_PKEY* const pkey =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size());
  pair.pkey_.reset(pkey);
  std::size_t size = pair.key_.bytes.size();
  check(pkey != nullptr && EVP_PKEY_get_raw_public_key(pkey, pair.key_.bytes.data(), &size) == 1 &&
            size == pair.key_.bytes.size(),
        "KeyPair: OpenSSL failed");
  return pair;
}

Result<KeyPair> KeyPair::from_bytes(std::string_view bytes) {
  if (bytes.size() != 2 * seed_size)
    return Error{Errc::invalid, "a key pair has 64 bytes, not " + std::to_string(bytes.size())};
  OEE_TRY_ASSIGN(KeyPair pair, from_seed(bytes.substr(0, seed_size)));
  if (pair.key_.view() != bytes.substr(seed_size))
    return Error{Errc::invalid, "the key pair's public key is not that of its private key"};
  return pair;
}

Signature KeyPair::sign(std::string_view message) const {
  Signature signature;
  std::size_t size = signature.bytes.size();
  const DigestContext context(EVP_MD_CTX_new());
  const bool is_signed = EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr,
                                            static_cast<EVP_PKEY*>(pkey_.get())) == 1 &&
                         EVP_DigestSign(context.get(), signature.bytes.data(), &size,
                                        bytes_of(message), message.size()) == 1;
  check(is_signed && size == signature.bytes.size(), "KeyPair::sign: OpenSSL failed");
  return signature;
}

bool verify(const Key& key, std::string_view message, const Signature& signature) {
  const PublicKey pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
  const DigestContext context(EVP_MD_CTX_new());
  return pkey != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.bytes.data(), signature.bytes.size(),
                          bytes_of(message), message.size()) == 1;
}

}  // namespace oee::solana
