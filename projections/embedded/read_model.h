// The embedded read model: a RocksDB of its own (DATA/read_model), cursor in the same batch,
// deletable at any time. A stop in order leaves all of it on disk; a crash the rows up to the last
// flush, and the projector does the rest again (at most two buffers of 32 MB: some seconds). Damage
// there is never fatal: it is deleted and rebuilt from the log.
//
// Lists by status have an index; token, venue, client order id and transaction hash are looked for
// in the rows, newest first, a bounded number to a page. An index of the last two would be two more
// writes at random keys for every order, beside the one row and the one index entry in rising order
// that it costs now: too much for what is asked by hand. PostgreSQL has those indexes.
#pragma once

#include <filesystem>
#include <memory>

#include "core/seams/read_model.h"

namespace oee {

class EmbeddedReadModel final : public ReadModel, public OrderQueries {
 public:
  // io: the directory cannot be made or locked. A damaged store is wiped with a warning in the log;
  // so is one of another log than `log_id`, when that is given.
  static Result<std::unique_ptr<EmbeddedReadModel>> open(const std::filesystem::path& dir,
                                                         std::optional<LogId> log_id = {});
  ~EmbeddedReadModel() override;

  Result<ProjectionCursor> cursor() override;                      // any thread
  Result<void> apply(const ProjectionBatch& batch) override;       // projector's thread
  Result<Page<Order>> orders(const OrderFilter& filter) override;  // any thread
  Result<Page<Order>> dead_letters(std::uint32_t limit, const std::string& cursor) override;
  Result<DeadLetterStats> dead_letter_stats() override;

 private:
  class Impl;
  explicit EmbeddedReadModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
