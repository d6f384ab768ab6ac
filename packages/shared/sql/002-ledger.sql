-- The ledger: every lease of an address by a pod. An open one ends at infinity.
CREATE TABLE leases (
  cluster text NOT NULL,
  pod_uid text NOT NULL,
  ip inet NOT NULL,
  -- Which of the pod's leases of this address it is, 0 for the first.
  occurrence integer NOT NULL,
  namespace text NOT NULL,
  pod text NOT NULL,
  owner_kind text NOT NULL,
  owner_name text NOT NULL,
  node text NOT NULL,
  host_network boolean NOT NULL,
  started_at timestamptz NOT NULL,
  -- Whether the start, and the end, was deduced from a list after a gap.
  start_inferred boolean NOT NULL,
  ended_at timestamptz NOT NULL DEFAULT 'infinity',
  end_reason text CHECK (end_reason IN ('deleted', 'finished', 'changed', 'missing')),
  end_inferred boolean,
  PRIMARY KEY (cluster, pod_uid, ip, occurrence),
  CHECK ((ended_at = 'infinity') = (end_reason IS NULL))
);

-- Which pods held this address at that time. All three columns are keys, so that the index alone decides, also for the
-- address of a node, which thousands of pods on its network have had.
CREATE INDEX leases_by_ip ON leases (ip, started_at, ended_at);
-- All leases of a pod by its name; by its UID the primary key serves.
CREATE INDEX leases_by_pod ON leases (namespace, pod, started_at);
-- What a reader loads at its start.
CREATE INDEX leases_open ON leases (cluster) WHERE ended_at = 'infinity';
CREATE INDEX leases_changed ON leases (cluster, pod_uid) WHERE end_reason = 'changed';
-- What retention deletes, oldest first.
CREATE INDEX leases_by_end ON leases (cluster, ended_at) WHERE ended_at <> 'infinity';

-- Up to where the reader of a cluster has made durable and written down all that it saw.
CREATE TABLE reader_positions (
  cluster text PRIMARY KEY,
  resource_version text NOT NULL,
  known_at timestamptz NOT NULL
);

-- Which reader may write the ledger of a cluster: the one that loaded it last, and so raised the number.
CREATE TABLE reader_terms (
  cluster text PRIMARY KEY,
  term integer NOT NULL
);

-- Times of which podips cannot tell everything: pods that came and went between start and end were not seen.
CREATE TABLE gaps (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  cluster text NOT NULL,
  -- Null: since ever, at the first start.
  started_at timestamptz,
  ended_at timestamptz NOT NULL,
  reason text NOT NULL
);

CREATE INDEX gaps_by_time ON gaps (cluster, ended_at);
