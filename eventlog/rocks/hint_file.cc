#include "eventlog/rocks/hint_file.h"

#include <memory>
#include <string>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/crc32c.h"
#include "core/base/log.h"

namespace oee {
namespace {

constexpr std::string_view magic = "OEEH";
constexpr std::uint32_t file_version = 1;
constexpr std::size_t at_chain = 8;
constexpr std::size_t at_hint = 40;
constexpr std::size_t crc_bytes = 4;

}  // namespace

std::optional<OpenOrderHint> parse_hint(std::string_view bytes, Seq head) {
  if (bytes.size() < 8 || (bytes.size() - 8) % 16 != 0) return std::nullopt;
  OpenOrderHint hint;
  hint.seq = load_be<std::uint64_t>(bytes);
  if (hint.seq > head) return std::nullopt;
  hint.open.reserve((bytes.size() - 8) / 16);
  for (std::size_t at = 8; at < bytes.size(); at += 16)
    hint.open.push_back(OrderId::from_bytes(bytes.substr(at, 16)));
  return hint;
}

HintFile::HintFile(LogFiles files, std::filesystem::path file, ChainAt chain_at)
    : files_(std::move(files)), file_(std::move(file)), chain_at_(std::move(chain_at)) {}

void HintFile::store(OpenOrderHint hint) {
  worker_.post([this, kept = std::make_shared<const OpenOrderHint>(std::move(hint))] {
    if (const auto written = write(*kept); !written.ok())
      log::warn("the open-order hint was not stored", log::field("why", written.error().detail));
  });
}

Result<void> HintFile::write(const OpenOrderHint& hint) const {
  Hash256 chain{};
  if (hint.seq > 0) {
    OEE_TRY_ASSIGN(chain, chain_at_(hint.seq));
  }
  std::string bytes;
  bytes.reserve(at_hint + 8 + 16 * hint.open.size() + crc_bytes);
  bytes += magic;
  append_be<std::uint32_t>(bytes, file_version);
  bytes += as_bytes(chain);
  append_be<std::uint64_t>(bytes, hint.seq);
  for (const OrderId& id : hint.open) bytes += id.view();
  append_be<std::uint32_t>(bytes, crc32c(bytes));
  return files_.create(file_, bytes);
}

std::optional<OpenOrderHint> HintFile::load(Seq head) const {
  auto hint = read(head);
  if (hint.ok()) return *std::move(hint);
  if (hint.error().code != Errc::not_found)
    log::warn("the open-order hint cannot be used; the start reads more of the log",
              log::field("file", file_.string()), log::field("why", hint.error().detail));
  return std::nullopt;
}

Result<OpenOrderHint> HintFile::read(Seq head) const {
  OEE_TRY_ASSIGN(const std::string all, files_.read(file_));
  const Error damaged{Errc::corrupt, "it is damaged"};
  if (all.size() < at_hint + crc_bytes) return damaged;
  const std::string_view bytes(all.data(), all.size() - crc_bytes);
  if (!bytes.starts_with(magic) ||
      load_be<std::uint32_t>(std::string_view(all).substr(bytes.size())) != crc32c(bytes))
    return damaged;
  if (load_be<std::uint32_t>(bytes.substr(magic.size())) != file_version)
    return Error{Errc::unsupported, "a newer program wrote it"};
  auto hint = parse_hint(bytes.substr(at_hint), head);
  if (!hint) return Error{Errc::corrupt, "it is ahead of the log"};
  Hash256 chain{};
  if (hint->seq > 0) {
    OEE_TRY_ASSIGN(chain, chain_at_(hint->seq));
  }
  if (bytes.substr(at_chain, chain.size()) != as_bytes(chain))
    return Error{Errc::corrupt, "it is of another log"};
  return *std::move(hint);
}

}  // namespace oee
