-- A pod failed that never had an address, and so is in no lease: its kubelet did not admit it, as that of a node under
-- pressure, or it failed as it waited for its node.
CREATE TABLE failed_pods (
  cluster text NOT NULL,
  pod_uid text NOT NULL,
  namespace text NOT NULL,
  pod text NOT NULL,
  workload_kind text NOT NULL,
  workload text NOT NULL,
  revision text NOT NULL,
  node text NOT NULL,
  -- When it failed, most likely and at the earliest and latest.
  ended_at timestamptz NOT NULL,
  ended_not_before timestamptz NOT NULL,
  ended_not_after timestamptz NOT NULL,
  -- Evicted, UnexpectedAdmissionError, OutOfcpu, NodeAffinity, ...
  cause text NOT NULL,
  exit_code integer,
  PRIMARY KEY (cluster, pod_uid)
);

-- What retention deletes, and what the measure of workloads reads.
CREATE INDEX failed_pods_by_time ON failed_pods (cluster, ended_at);
