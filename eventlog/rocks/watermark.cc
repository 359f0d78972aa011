#include "eventlog/rocks/watermark.h"

#include <cstring>
#include <string>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/crc32c.h"

namespace oee {
namespace {

constexpr std::string_view magic = "OEEW";
constexpr std::uint32_t slot_version = 1;
constexpr std::size_t slot_bytes = 64;
constexpr std::size_t at_seq = 8;
constexpr std::size_t at_chain = 16;
constexpr std::size_t at_crc = 60;

std::string slot_of(const Watermark& mark) {
  std::string slot;
  slot.reserve(slot_bytes);
  slot += magic;
  append_be<std::uint32_t>(slot, slot_version);
  append_be<std::uint64_t>(slot, mark.seq);
  slot += as_bytes(mark.chain);
  slot.resize(at_crc, '\0');
  append_be<std::uint32_t>(slot, crc32c(slot));
  return slot;
}

std::optional<Watermark> parse_slot(std::string_view slot) {
  if (slot.size() < slot_bytes || slot.substr(0, magic.size()) != magic) return std::nullopt;
  if (load_be<std::uint32_t>(slot.substr(at_crc)) != crc32c(slot.substr(0, at_crc)))
    return std::nullopt;
  if (load_be<std::uint32_t>(slot.substr(magic.size())) != slot_version) return std::nullopt;
  Watermark mark;
  mark.seq = load_be<std::uint64_t>(slot.substr(at_seq));
  std::memcpy(mark.chain.data(), slot.data() + at_chain, mark.chain.size());
  return mark;
}

struct Slots {
  std::optional<Watermark> slot[2];
  // The slot that counts; -1 when neither is valid.
  int newest() const {
    if (!slot[0] && !slot[1]) return -1;
    if (!slot[0]) return 1;
    if (!slot[1]) return 0;
    return slot[1]->seq > slot[0]->seq ? 1 : 0;
  }
};

Result<Slots> parse_slots(std::string_view bytes, const std::filesystem::path& file) {
  Slots slots;
  slots.slot[0] = parse_slot(bytes.substr(0, slot_bytes));
  if (bytes.size() > slot_bytes) slots.slot[1] = parse_slot(bytes.substr(slot_bytes));
  if (slots.newest() < 0)
    return Error{Errc::corrupt, "the watermark " + file.string() + " has no valid slot"};
  return slots;
}

}  // namespace

Result<Watermark> read_watermark(const std::filesystem::path& file, const LogFiles& files) {
  auto bytes = files.read(file, 2 * slot_bytes);
  if (!bytes.ok()) {
    if (bytes.error().code != Errc::not_found) return bytes.error();
    return Error{Errc::not_found, "no watermark " + file.string()};
  }
  auto slots = parse_slots(*bytes, file);
  // A slot can be read torn while it is written; both can, when two writes overlap one read. A
  // second read shows whether a slot is damaged.
  if (!slots.ok() || !slots->slot[0] || !slots->slot[1]) {
    bytes = files.read(file, 2 * slot_bytes);
    if (!bytes.ok()) return bytes.error();
    slots = parse_slots(*bytes, file);
  }
  if (!slots.ok()) return slots.error();
  const int newest = slots->newest();
  check(newest >= 0, "read_watermark: parse_slots() gave a valid slot");
  Watermark mark = *slots->slot[newest];
  mark.other_slot_damaged = !slots->slot[1 - newest];
  return mark;
}

Result<WatermarkFile> WatermarkFile::open(const std::filesystem::path& file, Watermark initial,
                                          const LogFiles& files) {
  auto opened = files.open(file);
  // The file is created only when it does not exist. A file that cannot be opened now may hold a
  // later seq.
  if (!opened.ok() && opened.error().code == Errc::not_found) {
    OEE_TRY(files.create(file, slot_of(initial) + slot_of(initial)));
    opened = files.open(file);
  }
  if (!opened.ok()) return opened.error();
  OEE_TRY_ASSIGN(const std::string bytes, opened->read(2 * slot_bytes));
  OEE_TRY_ASSIGN(const Slots slots, parse_slots(bytes, file));
  const int newest = slots.newest();
  return WatermarkFile(*std::move(opened), *slots.slot[newest], 1 - newest);
}

WatermarkFile::WatermarkFile(LogFile file, Watermark last, int next_slot)
    : file_(std::move(file)), last_(last), next_slot_(next_slot) {}

Result<void> WatermarkFile::write(const Watermark& mark) {
  const auto at = static_cast<std::uint64_t>(next_slot_) * slot_bytes;
  if (auto written = file_.write_at(at, slot_of(mark)); !written.ok())
    return Error{Errc::io, "the watermark: " + written.error().detail};
  last_ = mark;
  next_slot_ = 1 - next_slot_;
  return {};
}

Result<void> WatermarkFile::sync() {
  if (auto synced = file_.sync(); !synced.ok())
    return Error{Errc::io, "the watermark: " + synced.error().detail};
  return {};
}

}  // namespace oee
