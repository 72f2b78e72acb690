-- Why a run waits for its credential, refused access tokens, and the confirmation of a refused refresh token. A node that does not
-- know these columns leaves them alone, so a confirmation names the generation that it is of.

ALTER TABLE credentials ADD COLUMN minted_at INTEGER;
ALTER TABLE credentials ADD COLUMN confirming_since INTEGER;
ALTER TABLE credentials ADD COLUMN confirming_generation INTEGER;
ALTER TABLE credentials ADD COLUMN refusal_redemptions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN refusal_pauses INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN refusal_counted_at INTEGER;
ALTER TABLE credentials ADD COLUMN refused_since INTEGER;
ALTER TABLE credentials ADD COLUMN refused_until INTEGER;
ALTER TABLE credentials ADD COLUMN prober TEXT;
ALTER TABLE credentials ADD COLUMN probe_deadline INTEGER;
ALTER TABLE credentials ADD COLUMN probe_has_redeemed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN refusal_episode INTEGER NOT NULL DEFAULT 0;

CREATE INDEX credentials_refused ON credentials (refused_until) WHERE refused_since IS NOT NULL;

-- 'none' for a run that an older version has parked: any cause wakes it.
ALTER TABLE runs ADD COLUMN parked_cause TEXT NOT NULL DEFAULT 'none';
