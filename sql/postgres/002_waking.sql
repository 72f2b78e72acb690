-- Why a run waits for its credential, refused access tokens, and the confirmation of a refused refresh token. A node that does not
-- know these columns leaves them alone, so a confirmation names the generation that it is of.

ALTER TABLE credentials ADD COLUMN minted_at BIGINT;
ALTER TABLE credentials ADD COLUMN confirming_since BIGINT;
ALTER TABLE credentials ADD COLUMN confirming_generation BIGINT;
ALTER TABLE credentials ADD COLUMN refusal_redemptions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN refusal_pauses INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN refusal_counted_at BIGINT;
ALTER TABLE credentials ADD COLUMN refused_since BIGINT;
ALTER TABLE credentials ADD COLUMN refused_until BIGINT;
ALTER TABLE credentials ADD COLUMN prober TEXT COLLATE "C";
ALTER TABLE credentials ADD COLUMN probe_deadline BIGINT;
ALTER TABLE credentials ADD COLUMN probe_has_redeemed SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN refusal_episode BIGINT NOT NULL DEFAULT 0;

CREATE INDEX credentials_refused ON credentials (refused_until) WHERE refused_since IS NOT NULL;

-- 'none' for a run that an older version has parked: any cause wakes it.
ALTER TABLE runs ADD COLUMN parked_cause TEXT COLLATE "C" NOT NULL DEFAULT 'none';
