-- A migration that programs of earlier versions cannot read sets the column's default to its own
-- version: ALTER TABLE schema_migrations ALTER COLUMN min_reader_version SET DEFAULT <version>.
-- Its own row and all later ones then have that number. Every other migration leaves it alone.

ALTER TABLE schema_migrations
  ADD COLUMN min_reader_version integer NOT NULL DEFAULT 1 CHECK (min_reader_version > 0);
COMMENT ON COLUMN schema_migrations.min_reader_version IS
  'Programs that know this version or a newer one can read the schema. The greatest number of all rows holds.';
