-- Which database this is: a random id, made once, and anew only for a copy that is adopted. A node that finds another one under its
-- feet, or one whose numbers have gone back, stops.
CREATE TABLE database_identity (
  only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
  id TEXT NOT NULL,
  -- How often a node has entered. Only ever raised.
  entries INTEGER NOT NULL
) STRICT;

-- The keys that rows may be sealed with: a node enters its current one here before it seals anything. A check value proves the key to
-- those who have it, and tells nothing to others.
CREATE TABLE encryption_keys (
  key_id TEXT NOT NULL PRIMARY KEY,
  check_value BLOB NOT NULL,
  added_at INTEGER NOT NULL
) STRICT;

-- Which keys a node has, the one that it seals with first; empty without any, null for a node of an older version.
ALTER TABLE node_incarnations ADD COLUMN key_ids TEXT;
