// EmbeddedReadModel: the read model in a RocksDB of its own (DATA/read_model). The cursor is
// written in the same batch as the rows. The engine owns it; the directory may be deleted while the
// engine is stopped.
//
// After a clean stop all rows are on disk. After a crash the rows up to the last flush are, and the
// projector applies the rest again (at most two buffers of 32 MB: some seconds). Damage is never
// fatal: the store is deleted and rebuilt from the log.
//
// Lists by status have an index. Token, venue, account, client order id and transaction hash are
// searched in the rows, newest first, a bounded number of rows for each page. Indexes of the last
// two would add two writes at random keys to the two writes in rising order (one row, one index
// entry) that each order costs: too much for searches by hand. PostgreSQL has those indexes.
#pragma once

#include <filesystem>
#include <memory>

#include "core/seams/read_model.h"

namespace oee {

class EmbeddedReadModel final : public ReadModel, public OrderQueries {
 public:
  // A damaged store is deleted with a warning in the log; so is a store of another log than
  // `log_id`, when that is given. io: the directory cannot be created or locked.
  static Result<std::unique_ptr<EmbeddedReadModel>> open(const std::filesystem::path& dir,
                                                         std::optional<LogIdentity> log_id = {});
  ~EmbeddedReadModel() override;

  Result<ProjectionCursor> cursor() override;                      // any thread
  Result<void> apply(const ProjectionBatch& batch) override;       // projector's thread
  Result<Page<Order>> orders(const OrderFilter& filter) override;  // any thread
  Result<Page<Order>> dead_letters(std::uint32_t limit, const std::string& cursor,
                                   const std::string& account) override;
  Result<DeadLetterCounts> dead_letter_counts(const std::string& account) override;

 private:
  class Impl;
  explicit EmbeddedReadModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
