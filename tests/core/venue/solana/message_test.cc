#include "core/venue/solana/rail/message.h"

#include <gtest/gtest.h>

#include <random>

#include "core/base/sha256.h"

namespace oee::solana {
namespace {

template <class T>
T taken(Result<T> result) {
  check(result.ok(), "taken: an error");
  return *std::move(result);
}
Key key(const std::string& name) {
  return Key::from_bytes(as_bytes(sha256({name})));
}
KeyPair pair(const std::string& name) {
  return taken(KeyPair::from_seed(as_bytes(sha256({name}))));
}

struct Sample {
  KeyPair payer = pair("payer");
  KeyPair second = pair("second");
  std::vector<Instruction> instructions;
  std::string message;
  std::string bytes;

  Sample() {
    Instruction first;
    first.program = key("program");
    first.accounts = {{key("read"), false, false},
                      {key("write"), false, true},
                      {second.key(), true, false},
                      {payer.key(), true, true}};
    first.data = "data";
    Instruction next;
    next.program = key("other program");
    next.accounts = {{key("read"), false, true}};  // the same account, writable now
    next.data = std::string(200, 'x');
    instructions = {first, next};
    message =
        taken(encode_message(payer.key(), Blockhash::from_bytes(key("hash").view()), instructions));
    const Signature signatures[] = {payer.sign(message), second.sign(message)};
    bytes = taken(encode_transaction(message, signatures));
  }
};

TEST(Message, IsDecodedToWhatWasEncoded) {
  const Sample sample;
  const DecodedTransaction decoded = taken(decode_transaction(sample.bytes));
  EXPECT_TRUE(verify(decoded));
  EXPECT_EQ(decoded.message_bytes, sample.message);
  const DecodedMessage& message = decoded.message;
  EXPECT_TRUE(message.is_v0);
  EXPECT_EQ(message.signers, 2);
  EXPECT_EQ(message.keys.front(), sample.payer.key());
  EXPECT_EQ(message.keys.size(), 6u);
  EXPECT_EQ(to_hex(message.blockhash.view()), to_hex(key("hash").view()));
  ASSERT_EQ(message.instructions.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const DecodedInstruction& found = message.instructions[i];
    const Instruction& wanted = sample.instructions[i];
    EXPECT_EQ(message.keys[found.program], wanted.program);
    EXPECT_EQ(found.data, wanted.data);
    ASSERT_EQ(found.accounts.size(), wanted.accounts.size());
    for (std::size_t j = 0; j < wanted.accounts.size(); ++j)
      EXPECT_EQ(message.keys[found.accounts[j]], wanted.accounts[j].key);
  }
  for (std::size_t i = 0; i < message.keys.size(); ++i) {
    const Key& each = message.keys[i];
    EXPECT_EQ(message.is_signer(i), each == sample.payer.key() || each == sample.second.key());
    EXPECT_EQ(message.is_writable(i),
              each == sample.payer.key() || each == key("write") || each == key("read"));
  }
}

TEST(Message, AnotherByteBreaksASignature) {
  const Sample sample;
  for (const std::size_t at : {std::size_t{70}, sample.bytes.size() - 3}) {
    std::string changed = sample.bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto decoded = decode_transaction(changed);
    EXPECT_TRUE(!decoded.ok() || !verify(*decoded)) << at;
  }
}

TEST(Message, CutOrFollowedByOtherBytesItIsRefused) {
  const Sample sample;
  for (std::size_t size = 0; size < sample.bytes.size(); ++size) {
    const auto decoded = decode_transaction(std::string_view(sample.bytes).substr(0, size));
    ASSERT_FALSE(decoded.ok()) << size;
    EXPECT_EQ(decoded.error().code, Errc::invalid);
    EXPECT_TRUE(decoded.error().detail.starts_with("not a transaction: "));
  }
  EXPECT_EQ(decode_transaction(sample.bytes + '\0').error().detail,
            "not a transaction: the end: others follow it");
}

TEST(Message, NoBytesMakeTheDecoderReadBeyondThem) {
  const Sample sample;
  std::mt19937_64 random(7);
  int decoded = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string bytes = sample.bytes;
    for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto transaction = decode_transaction(bytes);
    if (!transaction) continue;
    ++decoded;
    const std::size_t keys = transaction->message.keys.size();
    for (const DecodedInstruction& each : transaction->message.instructions) {
      ASSERT_LT(each.program, keys);
      for (const std::uint8_t account : each.accounts) ASSERT_LT(account, 256u);
    }
  }
  EXPECT_GT(decoded, 1'000);
}

TEST(Message, AMessageThatTheRuntimeRefusesIsRefused) {
  const Sample sample;
  const auto refused = [&](std::size_t at, std::uint8_t byte) {
    std::string message = sample.message;
    message[at] = static_cast<char>(byte);
    const auto decoded = decode_message(message);
    return decoded.ok() ? std::string() : decoded.error().detail;
  };
  EXPECT_EQ(refused(0, 0x81), "not a message: the version");
  EXPECT_EQ(refused(1, 0), "not a message: the header") << "no signer";
  EXPECT_EQ(refused(1, 7), "not a message: the header") << "more signers than accounts";
  EXPECT_EQ(refused(2, 2), "not a message: the header") << "the payer is not writable";
  EXPECT_EQ(refused(3, 5), "not a message: the header");
  EXPECT_EQ(refused(4, 0x86), "not a message: the number of accounts");
  const std::size_t instructions = 5 + 6 * 32 + 32;
  EXPECT_EQ(refused(instructions + 1, 0), "not a message: a program") << "the payer";
  EXPECT_EQ(refused(instructions + 1, 6), "not a message: a program");
  EXPECT_EQ(refused(instructions + 3, 6), "not a message: an account of an instruction");
  std::string twice = sample.message;
  twice.replace(5 + 32, 32, twice.substr(5, 32));
  EXPECT_EQ(decode_message(twice).error().detail, "not a message: an account that is listed twice");
}

TEST(Message, ATransactionIsAtMostOnePacket) {
  Sample sample;
  sample.instructions[1].data = std::string(1'000, 'x');
  const std::string message =
      taken(encode_message(sample.payer.key(), Blockhash{}, sample.instructions));
  const Signature signatures[2] = {};
  const auto encoded = encode_transaction(message, signatures);
  ASSERT_FALSE(encoded.ok());
  EXPECT_EQ(encoded.error().code, Errc::full);
}

}  // namespace
}  // namespace oee::solana
