// Calls as a node reads them, and answers of nodes that are right, wrong, or lie.
#include "core/venue/solana/rail/rpc_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/base/sha256.h"
#include "core/venue/solana/rail/base58.h"

namespace oee::solana {
namespace {

Key key(const std::string& name) {
  return Key::from_bytes(as_bytes(sha256({name})));
}
boost::json::value json_of(std::string text) {
  for (char& c : text)
    if (c == '\'') c = '"';
  return boost::json::parse(text);
}

TEST(RpcCalls, AreThoseOfTheDocumentation) {
  EXPECT_EQ(get_latest_blockhash(Commitment::confirmed).params, R"([{"commitment":"confirmed"}])");
  EXPECT_EQ(get_epoch_info(Commitment::finalized).method, "getEpochInfo");
  EXPECT_EQ(send_transaction("foo").params,
            R"(["Zm9v",{"encoding":"base64","skipPreflight":true,"maxRetries":0}])");
  const Key accounts[] = {wrapped_sol_mint};
  EXPECT_EQ(get_multiple_accounts(accounts, Commitment::processed).params,
            R"([["So11111111111111111111111111111111111111112"],)"
            R"({"encoding":"base64","commitment":"processed"}])");
  const Signature signatures[] = {Signature{}, Signature{}};
  EXPECT_EQ(get_signature_statuses(signatures).params,
            "[[\"" + std::string(64, '1') + "\",\"" + std::string(64, '1') +
                "\"],{\"searchTransactionHistory\":true}]");
  const RpcCall calls[] = {get_first_available_block(), get_epoch_info(Commitment::finalized)};
  EXPECT_EQ(batch_of(calls),
            R"([{"jsonrpc":"2.0","id":0,"method":"getFirstAvailableBlock","params":[]},)"
            R"({"jsonrpc":"2.0","id":1,"method":"getEpochInfo",)"
            R"("params":[{"commitment":"finalized"}]}])");
  EXPECT_TRUE(boost::json::parse(batch_of(calls)).is_array());
}

TEST(RpcAnswers, BelongToTheirCallsInAnyOrder) {
  const auto results =
      results_of(R"([{"jsonrpc":"2.0","id":2,"result":7},)"
                 R"({"jsonrpc":"2.0","id":0,"error":{"code":-32005,"message":"behind"}}])",
                 3);
  ASSERT_TRUE(results.ok());
  EXPECT_EQ((*results)[0].error().code, Errc::unavailable);
  EXPECT_NE((*results)[0].error().detail.find("-32005"), std::string::npos);
  EXPECT_EQ((*results)[1].error().detail, "the node did not answer it");
  EXPECT_EQ(*number_of(*(*results)[2]), 7u);
}

TEST(RpcAnswers, ABodyThatIsNoBatchOrAnswersAnotherCallIsRefused) {
  for (const char* body : {"", "x", "{}", "[", "[1]", R"([{"id":1,"result":1}])",
                           R"([{"result":1}])", R"([{"id":-1,"result":1}])"})
    EXPECT_EQ(results_of(body, 1).error().code, Errc::unavailable) << body;
  const auto twice = results_of(R"([{"id":0,"result":1},{"id":0,"result":2}])", 1);
  EXPECT_EQ((*twice)[0].error().detail, "the node answered it twice");
}

TEST(RpcAnswers, ABlockhashHasItsLastHeight) {
  const auto latest = latest_blockhash_of(json_of(
      "{'context':{'slot':9},'value':{'blockhash':'So11111111111111111111111111111111111111112',"
      "'lastValidBlockHeight':150}}"));
  ASSERT_TRUE(latest.ok());
  EXPECT_EQ(latest->last_valid_height, 150u);
  EXPECT_EQ(to_base58(latest->hash.view()), "So11111111111111111111111111111111111111112");
  for (const char* wrong :
       {"null", "{'context':{'slot':9}}", "{'context':{'slot':9},'value':{}}",
        "{'context':{'slot':9},'value':{'blockhash':'x','lastValidBlockHeight':150}}",
        "{'context':{'slot':9},'value':{'blockhash':'So11111111111111111111111111111111111111112',"
        "'lastValidBlockHeight':-1}}"})
    EXPECT_EQ(latest_blockhash_of(json_of(wrong)).error().code, Errc::invalid) << wrong;
}

TEST(RpcAnswers, AHeightHasItsSlot) {
  const auto found =
      height_of(json_of("{'absoluteSlot':166598,'blockHeight':166500,'epoch':27,'slotIndex':2790,"
                        "'slotsInEpoch':8192,'transactionCount':22661093}"));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->slot, 166'598u);
  EXPECT_EQ(found->height, 166'500u);
  EXPECT_FALSE(height_of(json_of("{'absoluteSlot':166598}")).ok());
}

TEST(RpcAnswers, AccountsAreAsTheyWereAskedFor) {
  const std::string account =
      "{'lamports':5,'owner':'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',"
      "'data':['Zm9v','base64'],'executable':false,'rentEpoch':18446744073709551615}";
  const auto found =
      accounts_of(json_of("{'context':{'slot':9},'value':[null," + account + "]}"), 2);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->slot, 9u);
  EXPECT_FALSE(found->accounts[0]);
  EXPECT_EQ(found->accounts[1]->data, "foo");
  EXPECT_EQ(found->accounts[1]->owner, token_program);
  EXPECT_FALSE(
      accounts_of(json_of("{'context':{'slot':9},'value':[null," + account + "]}"), 3).ok());
  EXPECT_FALSE(accounts_of(json_of("{'context':{'slot':9},'value':[{'lamports':5}]}"), 1).ok());
}

TEST(RpcAnswers, AStatusIsUnknownOrHasItsCommitmentAndItsError) {
  const auto found = statuses_of(
      json_of("{'context':{'slot':9},'value':[null,"
              "{'slot':7,'confirmations':null,'err':null,'confirmationStatus':'finalized'},"
              "{'slot':8,'confirmations':1,'err':{'InstructionError':[2,{'Custom':6005}]},"
              "'confirmationStatus':'confirmed'}]}"),
      3);
  ASSERT_TRUE(found.ok()) << found.error().detail;
  EXPECT_FALSE(found->statuses[0]);
  EXPECT_EQ(found->statuses[1]->commitment, Commitment::finalized);
  EXPECT_EQ(found->statuses[1]->error, "");
  EXPECT_EQ(found->statuses[2]->error, R"({"InstructionError":[2,{"Custom":6005}]})");
  for (const char* wrong :
       {"[{'slot':7,'err':null}]", "[{'slot':7,'confirmationStatus':'finalized'}]",
        "[{'slot':7,'err':null,'confirmationStatus':'rooted'}]", "[]", "7"})
    EXPECT_FALSE(
        statuses_of(json_of("{'context':{'slot':9},'value':" + std::string(wrong) + "}"), 1).ok())
        << wrong;
}

// A transaction of one signer that names two accounts.
class Landed : public testing::Test {
 protected:
  Landed() {
    const auto pair = KeyPair::from_seed(as_bytes(sha256({"wallet"})));
    Instruction instruction{key("dex"), {{key("in"), false, true}, {key("out"), false, true}}, "x"};
    const auto message = encode_message(pair->key(), Blockhash{}, std::span(&instruction, 1));
    signature_ = pair->sign(*message);
    bytes_ = *encode_transaction(*message, std::span(&signature_, 1));
    keys_ = decode_message(*message)->keys;
  }
  static std::string balance(std::size_t account, const char* mint, const std::string& amount) {
    return "{'accountIndex':" + std::to_string(account) + ",'mint':'" + to_text(key(mint)) +
           "','owner':'" + to_text(key("owner")) + "','uiTokenAmount':{'amount':'" + amount +
           "','decimals':6}}";
  }
  std::string answer(const std::string& before, const std::string& after,
                     const std::string& error = "null") const {
    return "{'slot':77,'transaction':['" + to_base64(bytes_) +
           "','base64'],'meta':{'err':" + error + ",'fee':5000,'preTokenBalances':[" + before +
           "],'postTokenBalances':[" + after + "]}}";
  }
  Signature signature_;
  std::string bytes_;
  std::vector<Key> keys_;
};

TEST_F(Landed, ItsChangesAreThoseOfItsOwnBalances) {
  const auto found = transaction_of(
      json_of(answer(balance(1, "a", "1000"), balance(1, "a", "400") + "," + balance(2, "b", "9"))),
      signature_);
  ASSERT_TRUE(found.ok()) << found.error().detail;
  const LandedTransaction& landed = **found;
  EXPECT_EQ(landed.slot, 77u);
  EXPECT_EQ(landed.fee, 5'000u);
  EXPECT_EQ(landed.bytes, bytes_);
  ASSERT_EQ(landed.changes.size(), 2u);
  EXPECT_EQ(landed.changes[0].account, keys_[1]);
  EXPECT_EQ(static_cast<std::int64_t>(landed.changes[0].change), -600);
  EXPECT_EQ(static_cast<std::int64_t>(landed.changes[1].change), 9) << "it was created";
  // An account that was closed has paid all that it had.
  const auto closed = transaction_of(json_of(answer(balance(1, "a", "1000"), "")), signature_);
  EXPECT_EQ(static_cast<std::int64_t>((*closed)->changes[0].change), -1'000);
  EXPECT_FALSE(transaction_of(json_of("null"), signature_)->has_value());
  EXPECT_EQ(
      (*transaction_of(json_of(answer("", "", "{'InstructionError':[0,'X']}")), signature_))->error,
      R"({"InstructionError":[0,"X"]})");
}

TEST_F(Landed, ALieIsRefused) {
  Signature another = signature_;
  another.bytes[0] ^= 1;
  EXPECT_EQ(transaction_of(json_of(answer("", "")), another).error().detail,
            "the node's answer: transaction is another one");
  const auto refused = [this](const std::string& before, const std::string& after) {
    return !transaction_of(json_of(answer(before, after)), signature_).ok();
  };
  EXPECT_TRUE(refused(balance(9, "a", "1"), "")) << "there is no such account";
  EXPECT_TRUE(refused("", balance(9, "a", "1")));
  EXPECT_TRUE(refused(balance(1, "a", "1"), balance(1, "b", "1"))) << "another mint";
  EXPECT_TRUE(refused(balance(1, "a", "-1"), ""));
  EXPECT_TRUE(refused(balance(1, "a", "18446744073709551616"), ""));
  EXPECT_TRUE(refused(balance(1, "a", "1") + "," + balance(1, "a", "1"), ""));
  EXPECT_FALSE(refused(balance(1, "a", "18446744073709551615"), ""));
  // Its bytes are changed, so that the signature is not theirs.
  bytes_.back() = static_cast<char>(bytes_.back() ^ 0);
  std::string changed = bytes_;
  changed[changed.size() - 2] = static_cast<char>(changed[changed.size() - 2] ^ 1);
  bytes_ = changed;
  EXPECT_TRUE(refused("", ""));
}

}  // namespace
}  // namespace oee::solana
