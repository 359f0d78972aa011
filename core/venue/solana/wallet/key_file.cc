#include "core/venue/solana/wallet/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace oee::solana {
namespace {

constexpr std::size_t key_bytes = 64;
constexpr std::size_t file_bytes_max = 1'024;  // 64 numbers of three digits, with spaces

// A buffer that is overwritten at its end, whatever the optimizer thinks of it.
template <std::size_t Size>
struct Secret {
  Secret() = default;
  Secret(const Secret&) = delete;
  ~Secret() { explicit_bzero(bytes.data(), bytes.size()); }
  std::array<char, Size> bytes{};
};

struct File {
  explicit File(const std::filesystem::path& path)
      : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  File(const File&) = delete;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  const int fd;
};

std::string mode_text(mode_t mode) {
  std::string text = "0000";
  for (std::size_t i = 4; i-- > 0; mode >>= 3) text[i] = static_cast<char>('0' + (mode & 7));
  return text;
}

// "[1,2, 3]" of exactly key_bytes numbers from 0 to 255.
bool parse(std::string_view text, Secret<key_bytes>& key) {
  std::size_t at = 0;
  const auto skip_spaces = [&] {
    while (at < text.size() && std::strchr(" \t\r\n", text[at]) != nullptr) ++at;
  };
  const auto takes = [&](char c) {
    skip_spaces();
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  };
  if (!takes('[')) return false;
  for (std::size_t i = 0; i < key_bytes; ++i) {
    if (i > 0 && !takes(',')) return false;
    skip_spaces();
    unsigned value = 0;
    const std::size_t begin = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && at - begin < 3; ++at)
      value = value * 10 + static_cast<unsigned>(text[at] - '0');
    if (at == begin || value > 255) return false;
    key.bytes[i] = static_cast<char>(value);
  }
  if (!takes(']')) return false;
  skip_spaces();
  return at == text.size();
}

}  // namespace

Result<KeyPair> read_key_file(const std::filesystem::path& path) {
  const auto wrong = [&](const std::string& what) {
    return Error{Errc::invalid, path.string() + ": " + what};
  };
  const auto failed = [&] { return Error{Errc::io, path.string() + ": " + std::strerror(errno)}; };
  const File file(path);
  struct stat state {};
  if (file.fd < 0 || ::fstat(file.fd, &state) != 0) return failed();
  if (!S_ISREG(state.st_mode)) return wrong("is no regular file");
  if ((state.st_mode & 077) != 0)
    return wrong("its mode " + mode_text(state.st_mode & 07777) +
                 " lets others use the wallet; it must be 0600 or less");
  if (state.st_uid != ::geteuid()) return wrong("another user owns it");
  Secret<file_bytes_max + 1> text;
  std::size_t size = 0;
  while (size < text.bytes.size()) {
    const ssize_t got = ::read(file.fd, text.bytes.data() + size, text.bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed();
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  Secret<key_bytes> key;
  if (size > file_bytes_max || !parse(std::string_view(text.bytes.data(), size), key))
    return wrong("is not a JSON array of 64 numbers from 0 to 255");
  Result<KeyPair> pair = KeyPair::from_bytes(std::string_view(key.bytes.data(), key_bytes));
  if (!pair) return wrong(pair.error().detail);
  return pair;
}

}  // namespace oee::solana
