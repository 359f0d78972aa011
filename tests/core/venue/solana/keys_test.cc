#include "core/venue/solana/rail/keys.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/base/sha256.h"
#include "core/venue/solana/rail/base58.h"

namespace oee::solana {
namespace {

template <class T>
T taken(Result<T> result) {
  check(result.ok(), "taken: an error");
  return *std::move(result);
}
std::string hex(std::string_view text) {
  return taken(from_hex(text));
}

TEST(Base58, IsThatOfKnownBytes) {
  EXPECT_EQ(to_base58("Hello World!"), "2NEpo7TZRRrLZSi2U");
  EXPECT_EQ(to_base58(hex("0000287fb4cd")), "11233QC4");
  EXPECT_EQ(to_base58(std::string(32, '\0')), std::string(32, '1'));
  EXPECT_EQ(taken(from_base58("11233QC4", 6)), hex("0000287fb4cd"));
}

TEST(Base58, AnotherTextOrLengthIsRefused) {
  for (const char* text : {"0", "O", "I", "l", " ", "2NEpo7TZRRrLZSi2U!", "\xC3\xA4"})
    EXPECT_FALSE(from_base58(text, 12).ok()) << text;
  EXPECT_FALSE(from_base58("2NEpo7TZRRrLZSi2U", 11).ok());
  EXPECT_FALSE(from_base58("2NEpo7TZRRrLZSi2U", 13).ok());
  EXPECT_FALSE(from_base58("", 32).ok());
  EXPECT_FALSE(from_base58(std::string(33, '1'), 32).ok());
  EXPECT_FALSE(from_base58(std::string(44, 'z'), 32).ok()) << "above 256 bits";
  EXPECT_FALSE(from_base58(std::string(1'000'000, 'z'), 32).ok());
}

RC_GTEST_PROP(Base58, EveryBytesComeBack, (const std::string& bytes)) {
  RC_ASSERT(taken(from_base58(to_base58(bytes), bytes.size())) == bytes);
}

TEST(Base64, IsThatOfRfc4648) {
  const std::pair<const char*, const char*> known[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : known) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(taken(from_base64(text)), bytes);
  }
  for (const char* text : {"Zg=", "Zg", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9", "Zm9_"})
    EXPECT_FALSE(from_base64(text).ok()) << text;
}

RC_GTEST_PROP(Base64, EveryBytesComeBack, (const std::string& bytes)) {
  RC_ASSERT(taken(from_base64(to_base64(bytes))) == bytes);
}

// RFC 8032, 7.1: tests 1 to 3.
TEST(KeyPair, SignsAsTheRfcDoes) {
  struct Known {
    const char* seed;
    const char* key;
    const char* message;
    const char* signature;
  };
  const Known known[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9"
       "b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
       "1"
       "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
       "d"
       "c6594a7c15e9716ed28dc027beceea1ec40a"}};
  for (const Known& each : known) {
    const KeyPair pair = taken(KeyPair::from_seed(hex(each.seed)));
    EXPECT_EQ(to_hex(pair.key().view()), each.key);
    Signature signature = pair.sign(hex(each.message));
    EXPECT_EQ(to_hex(signature.view()), each.signature);
    EXPECT_TRUE(verify(pair.key(), hex(each.message), signature));
    EXPECT_FALSE(verify(pair.key(), hex(each.message) + "x", signature));
    signature.bytes[5] ^= 1;
    EXPECT_FALSE(verify(pair.key(), hex(each.message), signature));
    EXPECT_EQ(taken(KeyPair::from_bytes(hex(each.seed) + hex(each.key))).key(), pair.key());
  }
  EXPECT_FALSE(KeyPair::from_seed(std::string(31, 'x')).ok());
  EXPECT_FALSE(KeyPair::from_bytes(hex(known[0].seed) + hex(known[1].key)).ok());
  EXPECT_FALSE(KeyPair::from_bytes(hex(known[0].seed)).ok());
}

TEST(Keys, APublicKeyIsOnTheCurveAndADerivedAddressIsNot) {
  for (int i = 0; i < 200; ++i) {
    const Hash256 seed = sha256({std::to_string(i)});
    EXPECT_TRUE(is_on_curve(taken(KeyPair::from_seed(as_bytes(seed))).key()));
  }
  // About half of all hashes are points, of any order.
  int on_curve = 0;
  for (int i = 0; i < 4'000; ++i)
    on_curve += is_on_curve(Key::from_bytes(as_bytes(sha256({"point", std::to_string(i)}))));
  EXPECT_GT(on_curve, 1'850);
  EXPECT_LT(on_curve, 2'150);
  // y = 1 and y = -1 are points of order 1 and 2.
  Key one;
  one.bytes[0] = 1;
  EXPECT_TRUE(is_on_curve(one));
  Key minus_one = Key::from_bytes(std::string(31, '\xFF') + '\x7F');
  minus_one.bytes[0] = 0xEC;
  EXPECT_TRUE(is_on_curve(minus_one));
}

// Addresses of the main network.
TEST(Keys, DerivedAddressesAreThoseOfTheNetwork) {
  const Key cp_swap = key_of("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C");
  const std::string_view authority[] = {"vault_and_lp_mint_auth_seed"};
  EXPECT_EQ(to_text(find_program_address(authority, cp_swap)->key),
            "GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL");
  const Key damm_v2 = key_of("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG");
  const std::string_view pool_authority[] = {"pool_authority"};
  EXPECT_EQ(to_text(find_program_address(pool_authority, damm_v2)->key),
            "HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC");
}

TEST(Keys, ATextThatIsNoKeyIsRefused) {
  EXPECT_EQ(to_text(taken(parse_key("So11111111111111111111111111111111111111112"))),
            "So11111111111111111111111111111111111111112");
  EXPECT_FALSE(parse_key("So1111111111111111111111111111111111111111").ok());
  EXPECT_FALSE(parse_key("").ok());
}

}  // namespace
}  // namespace oee::solana
