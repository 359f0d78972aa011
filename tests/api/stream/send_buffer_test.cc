// The send buffer: the text of which all frames of consecutive updates are slices.
#include "api/stream/send_buffer.h"

#include <gtest/gtest.h>

#include "tests/support/log/sample_log.h"

namespace oee {
namespace {

struct SendBufferTest : testing::Test {
  SendBufferTest() { sample.add_usual_orders(1, 1'000); }
  // Writes batches of `size` updates. Returns the chunks in order.
  std::vector<SendChunkPtr> write(Seq from, Seq to, std::size_t size) {
    std::vector<SendChunkPtr> chunks;
    for (Seq seq = from; seq < to; seq += size) {
      const UpdateBatch batch = sample.batch(seq, std::min<Seq>(seq + size, to));
      for (std::size_t at = 0; at < batch->size();) {
        std::size_t end = batch->size();
        const SendChunkPtr chunk = buffer.write(*batch, at, &end);
        EXPECT_GT(end, at);
        EXPECT_EQ(chunk->end(), (*batch)[end - 1].seq + 1);
        at = end;
        if (chunks.empty() || chunks.back() != chunk) chunks.push_back(chunk);
      }
    }
    return chunks;
  }
  std::string joined(Seq from, Seq to) {
    std::string text;
    for (Seq seq = from; seq < to; ++seq)
      text += (seq == from ? "" : ",") + sample.update_at(seq).json;
    return text;
  }
  test::SampleLog sample;
  SendBuffer buffer;
};

TEST_F(SendBufferTest, EverySliceIsItsUpdatesWithCommasBetween) {
  const auto chunks = write(1, 41, 7);
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0]->first(), 1U);
  EXPECT_EQ(chunks[0]->end(), 41U);
  for (Seq from = 1; from < 41; ++from)
    for (Seq to = from + 1; to <= 41; ++to)
      ASSERT_EQ(chunks[0]->text(from, to), joined(from, to)) << from << " " << to;
}

TEST_F(SendBufferTest, AFullChunkIsFollowedByAnotherAndNeverMoves) {
  const UpdateBatch first = sample.batch(1, 2);
  std::size_t end = 1;
  const SendChunkPtr chunk = buffer.write(*first, 0, &end);
  const std::string_view before = chunk->text(1, 2);
  const auto chunks = write(2, 6'001, 900);
  ASSERT_GT(chunks.size(), 2U);
  EXPECT_EQ(chunks[0], chunk);
  EXPECT_EQ(chunk->text(1, 2).data(), before.data());
  Seq next = 1;
  for (const SendChunkPtr& each : chunks) {
    EXPECT_EQ(each->first(), next);
    next = each->end();
    const std::string_view text = each->text(each->first(), each->end());
    EXPECT_LT(text.size(), SendBuffer::chunk_bytes);
    EXPECT_EQ(text, joined(each->first(), each->end()));
  }
  EXPECT_EQ(next, 6'001U);
}

TEST_F(SendBufferTest, AnUpdateAfterAGapBeginsAnotherChunk) {
  write(1, 11, 10);
  const auto chunks = write(12, 21, 10);
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0]->first(), 12U);
  EXPECT_EQ(chunks[0]->text(12, 21), joined(12, 21));
}

TEST_F(SendBufferTest, AnUpdateLargerThanAChunkHasItsOwnChunk) {
  std::vector<Update> batch{sample.update_at(1), sample.update_at(2)};
  batch[0].json.assign(SendBuffer::chunk_bytes + 10, 'x');
  std::size_t end = 2;
  const SendChunkPtr large = buffer.write(batch, 0, &end);
  EXPECT_EQ(end, 1U);
  EXPECT_EQ(large->text(1, 2), batch[0].json);
  end = 2;
  EXPECT_EQ(buffer.write(batch, 1, &end)->text(2, 3), batch[1].json);
}

TEST_F(SendBufferTest, FitTakesAsManyAsTheLimitAllowsAndAtLeastOne) {
  const SendChunkPtr chunk = write(1, 41, 40)[0];
  for (Seq from = 1; from < 41; ++from) {
    for (const std::size_t limit : {0UL, 1UL, 299UL, 1'000UL, 5'000UL, 100'000UL}) {
      Seq expected = from + 1;
      while (expected < 41 && joined(from, expected + 1).size() + 1 <= limit) ++expected;
      ASSERT_EQ(chunk->fit(from, 41, limit), expected) << from << " " << limit;
      ASSERT_EQ(chunk->fit(from, from + 1, limit), from + 1);
    }
    const std::size_t exact = joined(from, 41).size() + 1;
    EXPECT_EQ(chunk->fit(from, 41, exact), 41U);
    if (from < 40) {
      EXPECT_EQ(chunk->fit(from, 41, exact - 1), 40U);
    }
  }
}

TEST_F(SendBufferTest, AChunkExistsAsLongAsSomethingRefersToIt) {
  std::weak_ptr<const SendChunk> written;
  {
    const auto held = write(1, 11, 10);
    written = held[0];
    buffer.clear();
    EXPECT_EQ(held[0]->text(10, 11), joined(10, 11));
  }
  EXPECT_TRUE(written.expired());
  written = write(11, 21, 10)[0];
  EXPECT_FALSE(written.expired()) << "the buffer still fills it";
  write(31, 41, 10);
  EXPECT_TRUE(written.expired());
}

}  // namespace
}  // namespace oee
