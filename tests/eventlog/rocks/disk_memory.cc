#include "tests/eventlog/rocks/disk_memory.h"

#include "tests/eventlog/rocks/disk_memory_node.h"

namespace oee::test {

using rocksdb::IOStatus;
using rocksdb::Slice;

rocksdb::IOStatus io_failed(DiskOp op, const std::string& name) {
  return rocksdb::IOStatus::IOError(std::string("injected: ") + to_string(op), name);
}

const char* to_string(DiskOp op) {
  switch (op) {
    case DiskOp::open:
      return "open";
    case DiskOp::create:
      return "create";
    case DiskOp::append:
      return "append";
    case DiskOp::write:
      return "write";
    case DiskOp::sync:
      return "sync";
    case DiskOp::directory:
      return "directory";
    case DiskOp::rename:
      return "rename";
    case DiskOp::remove:
      return "remove";
    case DiskOp::close:
      return "close";
    case DiskOp::read:
      return "read";
  }
  return "";
}

// --- Faults --------------------------------------------------------------------------------------

MemoryDisk::MemoryDisk() {
  auto root = std::make_shared<Node>();
  root->name = "/";
  root->directory = true;
  names_["/"] = durable_names_["/"] = root;
}
MemoryDisk::~MemoryDisk() = default;

void MemoryDisk::plan(DiskFault fault, std::uint64_t n, bool reads, bool sticky) {
  std::lock_guard lock(mutex_);
  fault_ = fault;
  fault_at_ = n;
  count_reads_ = reads;
  sticky_ = sticky;
  only_kind_ = false;
  count_ = 0;
  hit_.clear();
}

void MemoryDisk::plan_at(DiskFault fault, DiskOp op, std::string name, std::uint64_t n) {
  std::lock_guard lock(mutex_);
  plan(fault, n, true);
  only_kind_ = true;
  kind_ = op;
  kind_name_ = std::move(name);
}

std::uint64_t MemoryDisk::operations() const {
  std::lock_guard lock(mutex_);
  return count_;
}
std::string MemoryDisk::hit() const {
  std::lock_guard lock(mutex_);
  return hit_;
}

MemoryDisk::Course MemoryDisk::step(DiskOp op, const std::string& name) {
  if (off_) return Course::off;
  const bool reads = op == DiskOp::read || op == DiskOp::open;
  if (only_kind_ && (op != kind_ || name.find(kind_name_) == std::string::npos))
    return Course::normal;
  if (!only_kind_ && reads && !count_reads_) return Course::normal;
  ++count_;
  if (fault_ == DiskFault::none || fault_at_ == 0) return Course::normal;
  if (count_ != fault_at_ && !(sticky_ && count_ > fault_at_)) return Course::normal;
  if (hit_.empty()) hit_ = std::string(to_string(op)) + " " + last_of(name);
  if (fault_ == DiskFault::power) off_ = true;
  if (off_) return Course::off;
  return fault_ == DiskFault::tear ? Course::tear : Course::fail;
}

IOStatus MemoryDisk::simple(DiskOp op, const std::string& name) {
  return step(op, name) == Course::normal ? IOStatus::OK() : io_failed(op, name);
}

IOStatus MemoryDisk::put(Node& node, std::uint64_t at, const Slice& bytes, DiskOp op) {
  const Course course = step(op, node.name);
  if (course == Course::off || course == Course::fail) return io_failed(op, node.name);
  const std::uint64_t end = at + bytes.size();
  if (end > node.live.size() && used() + (end - node.live.size()) > capacity_)
    return IOStatus::NoSpace("No space left on device", node.name);
  Node::Write write{at, bytes.ToString()};
  if (course == Course::tear) write.bytes.resize(Node::torn(node.live, write, bytes.size() / 2));
  Node::apply(node.live, write, write.bytes.size());
  node.pending.push_back(std::move(write));
  return course == Course::normal ? IOStatus::OK() : io_failed(op, node.name);
}

IOStatus MemoryDisk::sync(Node& node) {
  std::lock_guard lock(mutex_);
  const Course course = step(DiskOp::sync, node.name);
  if (course == Course::off) return io_failed(DiskOp::sync, node.name);
  std::size_t reached = node.pending.size();
  if (course == Course::fail) reached = 0;
  if (course == Course::tear) reached /= 2;
  for (std::size_t i = 0; i < reached; ++i)
    Node::apply(node.durable, node.pending[i], node.pending[i].bytes.size());
  // After a failed sync the bytes are clean in the page cache and not on the disk.
  node.pending.clear();
  return course == Course::normal ? IOStatus::OK() : io_failed(DiskOp::sync, node.name);
}

IOStatus MemoryDisk::sync_names(const std::string& directory) {
  std::lock_guard lock(mutex_);
  if (step(DiskOp::directory, directory) != Course::normal)
    return io_failed(DiskOp::directory, directory);
  std::vector<Change> rest;
  for (Change& change : changes_) {
    if (parent_of(change.name) == directory) {
      change.apply(durable_names_);
    } else {
      rest.push_back(std::move(change));
    }
  }
  changes_ = std::move(rest);
  return IOStatus::OK();
}

std::uint64_t MemoryDisk::used() const {
  std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& [name, node] : names_) bytes += node->live.size();
  return bytes;
}

std::shared_ptr<MemoryDisk> MemoryDisk::survivor(Survival survival, std::uint64_t seed) const {
  std::lock_guard lock(mutex_);
  std::mt19937_64 random(seed);
  auto after = std::make_shared<MemoryDisk>();
  auto names = survival == Survival::everything ? names_ : durable_names_;
  if (survival == Survival::some) {  // a journal of names keeps their order
    const std::size_t kept = random() % (changes_.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) changes_[i].apply(names);
  }
  for (const auto& [name, node] : names) {
    if (name == "/" || after->names_.count(parent_of(name)) == 0) continue;
    auto copy = std::make_shared<Node>();
    copy->name = name;
    copy->directory = node->directory;
    copy->live = survival == Survival::everything ? node->live : node->durable;
    if (survival == Survival::pages) node->write_back_some(copy->live, random);
    if (survival == Survival::some && !node->pending.empty()) {
      const std::size_t kept = random() % (node->pending.size() + 1);
      for (std::size_t i = 0; i < kept; ++i)
        Node::apply(copy->live, node->pending[i], node->pending[i].bytes.size());
      if (kept < node->pending.size()) {
        const Node::Write& last = node->pending[kept];
        Node::apply(copy->live, last,
                    Node::torn(copy->live, last, random() % (last.bytes.size() + 1)));
      }
    }
    copy->durable = copy->live;
    after->names_[name] = copy;
  }
  after->durable_names_ = after->names_;
  return after;
}

std::map<std::string, std::string> MemoryDisk::contents(const std::string& directory) const {
  std::lock_guard lock(mutex_);
  std::map<std::string, std::string> files;
  for (const auto& [name, node] : names_)
    if (!node->directory && parent_of(name) == directory) files[last_of(name)] = node->live;
  return files;
}

}  // namespace oee::test
