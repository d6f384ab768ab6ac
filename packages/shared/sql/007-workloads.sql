-- What ran the pod, as people name it: the Deployment instead of its ReplicaSet, the CronJob instead of its Job. Null: not
-- recorded yet.
ALTER TABLE leases
  ADD COLUMN workload_kind text,
  ADD COLUMN workload text,
  -- Changes with the pod template; empty where pods carry none.
  ADD COLUMN revision text,
  ADD COLUMN service_account text,
  -- Why the pod ended, in Kubernetes' words, and with which exit code a container of it failed.
  ADD COLUMN end_cause text,
  ADD COLUMN exit_code integer;

-- A container of a pod was started again.
CREATE TABLE restarts (
  cluster text NOT NULL,
  pod_uid text NOT NULL,
  container text NOT NULL,
  -- How often it had been started again then. More than one above restarts_before: of those between no times are known.
  restarts integer NOT NULL,
  restarts_before integer NOT NULL,
  namespace text NOT NULL,
  pod text NOT NULL,
  workload_kind text NOT NULL,
  workload text NOT NULL,
  node text NOT NULL,
  -- When it had ended before it was started again, most likely and at the earliest and latest.
  ended_at timestamptz NOT NULL,
  ended_not_before timestamptz NOT NULL,
  ended_not_after timestamptz NOT NULL,
  -- How it had ended: OOMKilled, Error, Completed, ...; empty when the kubelet has forgotten it.
  cause text NOT NULL,
  exit_code integer,
  PRIMARY KEY (cluster, pod_uid, container, restarts)
);

-- What retention deletes, and what the measure of workloads reads.
CREATE INDEX restarts_by_time ON restarts (cluster, ended_at);
