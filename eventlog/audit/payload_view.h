// PayloadView: decodes a record's payload without the FlatBuffers library, by
// schemas/order_event.fbs and the FlatBuffers format (https://flatbuffers.dev/internals), for
// RecordView. It accepts the same bytes as the library's verifier with our codec, and shares no
// code with them. Any thread. Views are valid as long as the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "core/base/result.h"
#include "core/order/event.h"

namespace oee {

class PayloadView {
 public:
  explicit PayloadView(std::string_view bytes) : bytes_(bytes) {}

  // Checks the whole payload: every offset, length, required member and value. corrupt,
  // unsupported. The functions below REQUIRE that this returned ok.
  Result<void> check(EventType type);

  // The event's members by their number in the schema, from 0. An absent member is zero or empty.
  // REQUIRES: the member has that type.
  std::uint8_t u8(std::size_t member) const { return u8_at(body_[member]); }
  std::uint32_t u32(std::size_t member) const { return u32_at(body_[member]); }
  // An absent member is `absent`.
  std::uint32_t u32(std::size_t member, std::uint32_t absent) const {
    return has(member) ? u32(member) : absent;
  }
  std::uint64_t u64(std::size_t member) const;
  std::string_view text(std::size_t member) const { return text_at(body_[member]); }
  // REQUIRES: the member is present.
  Decimal decimal(std::size_t member) const;
  std::optional<Decimal> optional_decimal(std::size_t member) const;
  bool has(std::size_t member) const { return body_[member] != 0; }
  // Leaves `to` unchanged when the member is absent.
  template <std::size_t N>
  void copy(std::size_t member, std::array<std::uint8_t, N>& to) const {
    if (body_[member] != 0) std::memcpy(to.data(), bytes_.data() + body_[member], N);
  }
  struct TokenView {
    std::string_view symbol;
    std::uint8_t decimals = 0;
  };
  TokenView token(std::size_t member) const;
  struct QuoteView {
    std::string_view venue;
    bool is_error = false;
    Decimal amount_out;
    std::optional<Decimal> amount_in;
    HopPath path;
  };
  // REQUIRES: index < u32() of the vector, which is its count.
  QuoteView quote(std::size_t quotes, std::uint32_t index) const;
  HopPath path(std::size_t member) const;

 private:
  enum class Kind : std::uint8_t;
  struct Member;
  struct Schema;
  using Members = std::span<const Member>;
  static constexpr std::size_t members_max = 24;
  // The positions of a table's members in the bytes; 0: absent. For a text, a table or a vector:
  // the position that the member's offset leads to.
  using Positions = std::array<std::size_t, members_max>;

  bool root(std::uint8_t& tag, std::size_t& body);
  bool table(std::size_t at, Members members, Positions& positions);
  bool member(std::size_t at, Kind kind, std::size_t& position);
  bool reference(std::size_t at, Kind kind, std::size_t& position);
  bool scalar(std::size_t at, std::size_t size, std::size_t alignment);
  bool whole_text(std::size_t at, Kind kind);
  bool whole_token(std::size_t at);
  bool whole_vector(std::size_t at, Kind kind);
  bool follow(std::size_t at, std::size_t& target);
  bool fits(std::size_t at, std::size_t size, std::size_t alignment) const;
  // REQUIRES: the table was checked.
  std::size_t position_in(std::size_t table, std::size_t member) const;
  std::string_view text_in(std::size_t table, std::size_t member) const;

  // Returns false: nothing more is read.
  bool damaged(const char* what, std::size_t at);
  // Returns true: damage in a later member is the error then, as it is the codec's.
  bool unknown(const char* what);

  std::uint8_t u8_at(std::size_t at) const;
  std::uint16_t u16_at(std::size_t at) const;
  std::uint32_t u32_at(std::size_t at) const;
  Decimal decimal_at(std::size_t at) const;
  std::string_view text_at(std::size_t at) const;
  HopPath path_at(std::size_t vector) const;

  std::string_view bytes_;
  Positions body_{};
  std::optional<Error> error_;  // the first damage, else the first unknown value
};

}  // namespace oee
