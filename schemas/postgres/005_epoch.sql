-- The epoch of the log that is projected. Each restore of a backup gives the log a new one.

ALTER TABLE projection_state
  ADD COLUMN epoch text NOT NULL DEFAULT '0000000000000000' CHECK (epoch ~ '^[0-9a-f]{16}$');
COMMENT ON COLUMN projection_state.epoch IS
  'Epoch of the log, 16 hexadecimal digits; zeros: the log was never restored from a backup. Tables of another epoch are rebuilt.';
