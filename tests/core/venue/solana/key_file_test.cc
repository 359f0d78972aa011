#include "core/venue/solana/wallet/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "core/base/sha256.h"
#include "tests/support/process/servers.h"

namespace oee::solana {
namespace {

class KeyFile : public testing::Test {
 protected:
  KeyFile() : seed_(sha256({"seed"})) {
    const auto pair = KeyPair::from_seed(as_bytes(seed_));
    key_ = pair->key();
    text_ = "[";
    for (const std::string_view part : {as_bytes(seed_), key_.view()})
      for (const char byte : part)
        text_ += (text_.size() > 1 ? "," : "") + std::to_string(static_cast<std::uint8_t>(byte));
    text_ += "]";
  }
  std::filesystem::path write(const std::string& text, mode_t mode = 0600) {
    const auto path = directory_.path() / "wallet.json";
    std::filesystem::remove(path);
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
    return path;
  }
  std::string refusal(const std::string& text, mode_t mode = 0600) {
    const auto path = write(text, mode);
    const auto pair = read_key_file(path);
    if (pair.ok()) return "none";
    EXPECT_TRUE(pair.error().detail.starts_with(path.string() + ": ")) << pair.error().detail;
    return pair.error().detail.substr(path.string().size() + 2);
  }
  test::TemporaryDirectory directory_;
  const Hash256 seed_;
  Key key_;
  std::string text_;
};

TEST_F(KeyFile, IsThatOfSolanaKeygen) {
  const auto pair = read_key_file(write(text_));
  ASSERT_TRUE(pair.ok()) << pair.error().detail;
  EXPECT_EQ(pair->key(), key_);
  EXPECT_TRUE(read_key_file(write(" " + text_ + "\n", 0400)).ok());
}

TEST_F(KeyFile, ThatOthersMayUseIsRefused) {
  for (const mode_t mode : {0644, 0640, 0660, 0601, 0620})
    EXPECT_NE(refusal(text_, mode).find("it must be 0600 or less"), std::string::npos) << mode;
  EXPECT_EQ(refusal(text_, 0644),
            "its mode 0644 lets others use the wallet; it must be 0600 or less");
}

TEST_F(KeyFile, OfAnotherFormIsRefusedWithoutItsContent) {
  const std::string no_array = "is not a JSON array of 64 numbers from 0 to 255";
  for (const std::string& text :
       {std::string(), std::string("[]"), text_.substr(0, text_.size() - 1), text_ + "x",
        text_ + text_, "[256" + text_.substr(text_.find(',')),
        "[-1" + text_.substr(text_.find(',')), "[,1" + text_.substr(text_.find(',')),
        "[1.5" + text_.substr(text_.find(',')), "[1," + text_.substr(1), "{\"a\":" + text_ + "}",
        std::string(2'000, ' ') + text_})
    EXPECT_EQ(refusal(text), no_array) << text;
  // The public key is another one's.
  const std::string last = text_.substr(text_.rfind(','));
  EXPECT_EQ(refusal(text_.substr(0, text_.rfind(',')) + (last == ",7]" ? ",8]" : ",7]")),
            "the key pair's public key is not that of its private key");
}

TEST_F(KeyFile, ThatIsNoFileIsRefused) {
  EXPECT_EQ(read_key_file(directory_.path() / "absent").error().code, Errc::io);
  EXPECT_EQ(read_key_file(directory_.path()).error().code, Errc::invalid);
  const auto pipe = directory_.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_NE(read_key_file(pipe).error().detail.find("is no regular file"), std::string::npos);
}

}  // namespace
}  // namespace oee::solana
