-- The silos of this database's cluster, in the words that Orleans' ADO.NET clustering asks in: it reads the statements below, by
-- their keys, and knows nothing else of these tables.
CREATE TABLE silo_clusters (
  cluster_id TEXT NOT NULL PRIMARY KEY,
  -- Each change of a member turns it: who has read an older one changes nothing.
  version INTEGER NOT NULL
);

CREATE TABLE silo_members (
  cluster_id TEXT NOT NULL,
  address TEXT NOT NULL,
  port INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  silo_name TEXT NOT NULL,
  host_name TEXT NOT NULL,
  status INTEGER NOT NULL,
  proxy_port INTEGER,
  suspect_times TEXT,
  start_time TIMESTAMPTZ NOT NULL,
  i_am_alive_time TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (cluster_id, address, port, generation)
);

CREATE TABLE OrleansQuery (
  QueryKey TEXT NOT NULL PRIMARY KEY,
  QueryText TEXT NOT NULL
);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('InsertMembershipVersionKey', '
  WITH made AS (
    INSERT INTO silo_clusters (cluster_id, version) VALUES (@DeploymentId, 0) ON CONFLICT DO NOTHING RETURNING 1
  )
  SELECT EXISTS (SELECT 1 FROM made)'),

('InsertMembershipKey', '
  WITH turned AS (
    UPDATE silo_clusters SET version = version + 1
    WHERE cluster_id = @DeploymentId AND version = @Version AND NOT EXISTS (
      SELECT 1 FROM silo_members
      WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
    RETURNING 1
  ), made AS (
    INSERT INTO silo_members (cluster_id, address, port, generation, silo_name, host_name, status, proxy_port, start_time, i_am_alive_time)
    SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM turned
    RETURNING 1
  )
  SELECT EXISTS (SELECT 1 FROM made)'),

('UpdateMembershipKey', '
  WITH turned AS (
    UPDATE silo_clusters SET version = version + 1
    WHERE cluster_id = @DeploymentId AND version = @Version AND EXISTS (
      SELECT 1 FROM silo_members
      WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
    RETURNING 1
  ), changed AS (
    UPDATE silo_members SET status = @Status, suspect_times = @SuspectTimes, i_am_alive_time = @IAmAliveTime
    WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
      AND EXISTS (SELECT 1 FROM turned)
    RETURNING 1
  )
  SELECT EXISTS (SELECT 1 FROM changed)'),

('UpdateIAmAlivetimeKey', '
  UPDATE silo_members SET i_am_alive_time = @IAmAliveTime
  WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation'),

('MembershipReadAllKey', '
  SELECT c.version AS Version, m.address AS Address, m.port AS Port, m.generation AS Generation, m.silo_name AS SiloName,
    m.host_name AS HostName, m.status AS Status, m.proxy_port AS ProxyPort, m.suspect_times AS SuspectTimes,
    m.start_time AS StartTime, m.i_am_alive_time AS IAmAliveTime
  FROM silo_clusters c LEFT JOIN silo_members m ON m.cluster_id = c.cluster_id
  WHERE c.cluster_id = @DeploymentId'),

('MembershipReadRowKey', '
  SELECT c.version AS Version, m.address AS Address, m.port AS Port, m.generation AS Generation, m.silo_name AS SiloName,
    m.host_name AS HostName, m.status AS Status, m.proxy_port AS ProxyPort, m.suspect_times AS SuspectTimes,
    m.start_time AS StartTime, m.i_am_alive_time AS IAmAliveTime
  FROM silo_clusters c LEFT JOIN silo_members m
    ON m.cluster_id = c.cluster_id AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
  WHERE c.cluster_id = @DeploymentId'),

('GatewaysQueryKey', '
  SELECT address AS Address, proxy_port AS ProxyPort, generation AS Generation FROM silo_members
  WHERE cluster_id = @DeploymentId AND status = @Status AND proxy_port > 0'),

('DeleteMembershipTableEntriesKey', '
  WITH members AS (DELETE FROM silo_members WHERE cluster_id = @DeploymentId)
  DELETE FROM silo_clusters WHERE cluster_id = @DeploymentId'),

-- 3 is an active silo.
('CleanupDefunctSiloEntriesKey', '
  DELETE FROM silo_members WHERE cluster_id = @DeploymentId AND i_am_alive_time < @IAmAliveTime AND status <> 3');
